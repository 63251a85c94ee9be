import { ShapeError } from '../../errors.ts'
import { defineOperation, notDifferentiable } from '../../graph/operation.ts'
import { Tensor } from '../../graph/tensor.ts'
import { formatShape, type Shape, sameShape, sizeOf } from '../../shape.ts'
import { checkEpilogue, noEpilogue } from '../epilogue.ts'
import { type Conv2dGeometry, conv2d, conv2dOperation, walkProducts } from './index.ts'
import { conv2dWeightGradient } from './weight-gradient.ts'

/**
 * Inputs: the gradient of a convolution's output `[n, oh, ow, o]`, its weight `[o, c / groups, kh, kw]`, then the
 * residual if there is one.
 */
export interface Conv2dInputGradientAttributes extends Conv2dGeometry {
  /** The last input, of this output's shape, is added: the gradient that a shortcut brings. */
  readonly residual: boolean
  /** Of the convolution's input, and so of this output: `[n, h, w, c]`. */
  readonly shape: Shape
}

export const conv2dInputGradientOperation = defineOperation<Conv2dInputGradientAttributes>({
  shape(inputs, attributes) {
    const [gradient, weight] = inputs
    const { shape } = attributes
    const output = conv2dOperation.shape([shape, weight], { ...attributes, ...noEpilogue })
    if (!sameShape(gradient, output)) {
      throw new ShapeError(`conv2dInputGradient: got gradient ${formatShape(gradient)}, wanted ${formatShape(output)}`)
    }
    checkEpilogue('conv2dInputGradient', inputs, shape, { ...noEpilogue, residual: attributes.residual })
    return shape
  },
  macs: ([gradient, weight]) => sizeOf(gradient) * weight[1] * weight[2] * weight[3],
  gradient([gradient, weight], _, outer, attributes) {
    if (attributes.residual) return notDifferentiable()
    const { stride, padding, dilation, groups } = attributes
    return [
      conv2d(outer, weight, { stride, padding, dilation, groups }),
      conv2dWeightGradient(outer, gradient, weight.shape, attributes),
    ]
  },
  reference([gradient, weight, residual], output, { shape, ...geometry }) {
    const sums = new Float64Array(output.data.length)
    walkProducts(shape, weight.shape, gradient.shape, geometry, (i, w, o) => {
      sums[i] += gradient.data[o] * weight.data[w]
    })
    sums.forEach((sum, index) => {
      output.data[index] = sum + (residual ? residual.data[index] : 0)
    })
  },
})

/**
 * The gradient of a convolution's input.
 * @param gradient of the output, `[n, oh, ow, o]`
 * @param weight `[o, c / groups, kh, kw]`
 * @param shape of the input, `[n, h, w, c]`
 */
export function conv2dInputGradient(
  gradient: Tensor,
  weight: Tensor,
  shape: Shape,
  { stride, padding, dilation, groups }: Conv2dGeometry,
): Tensor<'conv2dInputGradient'> {
  const attributes = { shape, stride, padding, dilation, groups, residual: false }
  return new Tensor('conv2dInputGradient', [gradient, weight], attributes)
}
