import { ShapeError } from '../errors.ts'
import { formatShape, type Shape, sameShape, sizeOf } from '../shape.ts'
import { Tensor } from '../tensor.ts'
import { type Conv2dGeometry, conv2d, conv2dOperation, walkProducts } from './conv2d.ts'
import { conv2dWeightGradient } from './conv2d-weight-gradient.ts'
import { checkEpilogue, type Epilogue, epilogueOf, noEpilogue } from './epilogue.ts'
import { defineOperation, notDifferentiable } from './operation.ts'

/**
 * Inputs: the gradient of a convolution's output `[n, oh, ow, o]`, its weight `[o, c / groups, kh, kw]`, then the
 * residual that the epilogue has; it has no bias.
 */
export interface Conv2dInputGradientAttributes extends Conv2dGeometry, Epilogue {
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
    checkEpilogue('conv2dInputGradient', inputs, shape, attributes)
    return shape
  },
  macs: ([gradient, weight]) => sizeOf(gradient) * weight[1] * weight[2] * weight[3],
  gradient([gradient, weight], _, outer, { residual, activation, ...attributes }) {
    if (residual || activation !== 'none') return notDifferentiable()
    const { stride, padding, dilation, groups } = attributes
    return [
      conv2d(outer, weight, { stride, padding, dilation, groups }),
      conv2dWeightGradient(outer, gradient, weight.shape, attributes),
    ]
  },
  reference(inputs, output, { shape, stride, padding, dilation, groups, ...epilogue }) {
    const [gradient, weight] = inputs
    const finish = epilogueOf(inputs, output, epilogue)
    const sums = new Float64Array(output.data.length)
    walkProducts(shape, weight.shape, gradient.shape, { stride, padding, dilation, groups }, (i, w, o) => {
      sums[i] += gradient.data[o] * weight.data[w]
    })
    sums.forEach((sum, index) => {
      output.data[index] = finish(sum, index)
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
  const attributes = { shape, stride, padding, dilation, groups, ...noEpilogue }
  return new Tensor('conv2dInputGradient', [gradient, weight], attributes)
}
