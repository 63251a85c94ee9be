import { noMacs, ordinary, type WithoutGradient } from '../../graph/operation.ts'
import { type Padding, type Pair, poolShape, walkWindows } from '../window.ts'

/** Inputs: x `[n, h, w, c]`. */
export interface AvgPool2dAttributes {
  readonly kernel: Pair
  readonly stride: Pair
  readonly padding: Padding
  readonly countIncludePad: boolean
}

export const forward: WithoutGradient<'avgPool2d'> = {
  name: 'avgPool2d',
  shape: ([x], attributes) => poolShape('avgPool2d', x, attributes),
  traits: ordinary,
  macs: noMacs,
  reference([x], output, attributes) {
    const { kernel, countIncludePad } = attributes
    walkWindows(x.shape, output.shape, attributes, (index, inputs) => {
      let sum = 0
      for (const i of inputs) sum += x.data[i]
      output.data[index] = sum / (countIncludePad ? kernel[0] * kernel[1] : inputs.length)
    })
  },
}
