import { ShapeError } from '../../errors.ts'
import { defineOperation } from '../../graph/operation.ts'
import { Tensor } from '../../graph/tensor.ts'
import { formatShape, type Shape, sameShape, sizeOf } from '../../shape.ts'
import { noEpilogue } from '../epilogue.ts'
import { type Conv2dGeometry, conv2d, conv2dOperation, walkProducts } from './index.ts'
import { conv2dInputGradient } from './input-gradient.ts'

/** Inputs: a convolution's input `[n, h, w, c]` and the gradient of its output `[n, oh, ow, o]`. */
export interface Conv2dWeightGradientAttributes extends Conv2dGeometry {
  /** Of the convolution's weight, and so of this output: `[o, c / groups, kh, kw]`. */
  readonly shape: Shape
}

export const conv2dWeightGradientOperation = defineOperation<Conv2dWeightGradientAttributes>({
  shape([x, gradient], attributes) {
    const { shape } = attributes
    const output = conv2dOperation.shape([x, shape], { ...attributes, ...noEpilogue })
    if (!sameShape(gradient, output)) {
      throw new ShapeError(`conv2dWeightGradient: got gradient ${formatShape(gradient)}, wanted ${formatShape(output)}`)
    }
    return shape
  },
  macs: ([, gradient], output) => sizeOf(gradient) * output[1] * output[2] * output[3],
  gradient([x, gradient], _, outer, attributes) {
    const { stride, padding, dilation, groups } = attributes
    return [
      conv2dInputGradient(gradient, outer, x.shape, attributes),
      conv2d(x, outer, { stride, padding, dilation, groups }),
    ]
  },
  reference([x, gradient], output, attributes) {
    const sums = new Float64Array(output.data.length)
    walkProducts(x.shape, output.shape, gradient.shape, attributes, (i, w, o) => {
      sums[w] += x.data[i] * gradient.data[o]
    })
    output.data.set(sums)
  },
})

/**
 * The gradient of a convolution's weight.
 * @param x `[n, h, w, c]`
 * @param gradient of the output, `[n, oh, ow, o]`
 * @param shape of the weight, `[o, c / groups, kh, kw]`
 */
export function conv2dWeightGradient(
  x: Tensor,
  gradient: Tensor,
  shape: Shape,
  { stride, padding, dilation, groups }: Conv2dGeometry,
): Tensor<'conv2dWeightGradient'> {
  return new Tensor('conv2dWeightGradient', [x, gradient], { shape, stride, padding, dilation, groups })
}
