import { ShapeError } from '../../errors.ts'
import { noMacs, ordinary, type WithoutGradient } from '../../graph/operation.ts'
import { formatShape, type Shape, sameShape } from '../../shape.ts'
import { poolShape, walkWindows } from '../window.ts'
import type { AvgPool2dAttributes } from './forward.ts'

/** Inputs: the gradient of an average pooling's output `[n, oh, ow, c]`. */
export interface AvgPool2dGradientAttributes extends AvgPool2dAttributes {
  /** Shape of the pooling's input, and so of this output: `[n, h, w, c]`. */
  readonly shape: Shape
}

export const gradient: WithoutGradient<'avgPool2dGradient'> = {
  name: 'avgPool2dGradient',
  shape([gradient], { shape, ...attributes }) {
    const output = poolShape('avgPool2d', shape, attributes)
    if (!sameShape(gradient, output)) {
      throw new ShapeError(`avgPool2dGradient: got gradient ${formatShape(gradient)}, wanted ${formatShape(output)}`)
    }
    return shape
  },
  traits: ordinary,
  macs: noMacs,
  reference([gradient], output, attributes) {
    const { kernel, countIncludePad } = attributes
    const sums = new Float64Array(output.data.length)
    walkWindows(output.shape, gradient.shape, attributes, (index, inputs) => {
      const share = gradient.data[index] / (countIncludePad ? kernel[0] * kernel[1] : inputs.length)
      for (const i of inputs) sums[i] += share
    })
    output.data.set(sums)
  },
}
