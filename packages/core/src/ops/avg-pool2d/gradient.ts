import { ShapeError } from '../../errors.ts'
import { defineOperation, noMacs } from '../../graph/operation.ts'
import { Tensor } from '../../graph/tensor.ts'
import { formatShape, type Shape, sameShape } from '../../shape.ts'
import { walkWindows } from '../window.ts'
import { type AvgPool2dAttributes, avgPool2d, avgPool2dOperation } from './index.ts'

/** Inputs: the gradient of an average pooling's output `[n, oh, ow, c]`. */
export interface AvgPool2dGradientAttributes extends AvgPool2dAttributes {
  /** Of the pooling's input, and so of this output: `[n, h, w, c]`. */
  readonly shape: Shape
}

export const avgPool2dGradientOperation = defineOperation<AvgPool2dGradientAttributes>({
  shape([gradient], { shape, ...attributes }) {
    const output = avgPool2dOperation.shape([shape], attributes)
    if (!sameShape(gradient, output)) {
      throw new ShapeError(`avgPool2dGradient: got gradient ${formatShape(gradient)}, wanted ${formatShape(output)}`)
    }
    return shape
  },
  macs: noMacs,
  gradient: (_, __, outer, { shape: ___, ...attributes }) => [avgPool2d(outer, attributes)],
  reference([gradient], output, attributes) {
    const { kernel, countIncludePad } = attributes
    const sums = new Float64Array(output.data.length)
    walkWindows(output.shape, gradient.shape, attributes, (index, inputs) => {
      const share = gradient.data[index] / (countIncludePad ? kernel[0] * kernel[1] : inputs.length)
      for (const i of inputs) sums[i] += share
    })
    output.data.set(sums)
  },
})

/**
 * The gradient of an average pooling's input.
 * @param gradient of the output, `[n, oh, ow, c]`
 * @param shape of the input, `[n, h, w, c]`
 */
export function avgPool2dGradient(
  gradient: Tensor,
  shape: Shape,
  attributes: AvgPool2dAttributes,
): Tensor<'avgPool2dGradient'> {
  return new Tensor('avgPool2dGradient', [gradient], { ...attributes, shape })
}
