import { ShapeError } from '../../errors.ts'
import { noMacs, notDifferentiable, type Operation, ordinary } from '../../graph/operation.ts'
import { Tensor } from '../../graph/tensor.ts'
import { formatShape, sameShape } from '../../shape.ts'
import { poolShape, walkWindows } from '../window.ts'
import type { MaxPool2dAttributes } from './index.ts'

/** Inputs: the gradient of a max pooling's output `[n, oh, ow, c]` and its input `[n, h, w, c]`. */
export type MaxPool2dGradientAttributes = MaxPool2dAttributes

const maxPool2dGradientOperation: Operation<'maxPool2dGradient'> = {
  name: 'maxPool2dGradient',
  shape([gradient, x], attributes) {
    const output = poolShape('maxPool2d', x, attributes)
    if (!sameShape(gradient, output)) {
      throw new ShapeError(`maxPool2dGradient: got gradient ${formatShape(gradient)}, wanted ${formatShape(output)}`)
    }
    return x
  },
  traits: ordinary,
  macs: noMacs,
  gradient: notDifferentiable,
  reference([gradient, x], output, attributes) {
    const sums = new Float64Array(output.data.length)
    walkWindows(x.shape, gradient.shape, attributes, (index, inputs) => {
      const largest = inputs.reduce((best, i) => (x.data[i] > x.data[best] ? i : best))
      sums[largest] += gradient.data[index]
    })
    output.data.set(sums)
  },
}

/**
 * The gradient of a max pooling's input: each window's gradient goes to its first largest element, as in PyTorch.
 * @param gradient of the output, `[n, oh, ow, c]`
 * @param x `[n, h, w, c]`
 */
export function maxPool2dGradient(
  gradient: Tensor,
  x: Tensor,
  attributes: MaxPool2dAttributes,
): Tensor<'maxPool2dGradient'> {
  return new Tensor(maxPool2dGradientOperation, [gradient, x], attributes)
}
