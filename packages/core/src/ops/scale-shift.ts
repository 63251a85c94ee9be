import { noMacs, notDifferentiable, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import type { Activation } from './epilogue.ts'
import { checkPerChannel } from './normalize/checks.ts'

/** Inputs: x `[..., c]`, scale `[c]`, shift `[c]`. */
export interface ScaleShiftAttributes {
  readonly activation: Activation
}

/**
 * `activation(x * scale + shift)`. The passes replace a batch norm with it if they cannot fold it into a convolution.
 */
export const scaleShiftOperation: Operation<'scaleShift'> = {
  name: 'scaleShift',
  shape(inputs) {
    checkPerChannel('scaleShift', inputs, ['scale', 'shift'])
    return inputs[0]
  },
  traits: { ...ordinary, elementwise: [0] },
  macs: noMacs,
  gradient: notDifferentiable,
  reference([x, scale, shift], output, { activation }) {
    const channels = scale.data.length
    const least = activation === 'relu' ? 0 : -Infinity
    for (let i = 0; i < x.data.length; i++) {
      const c = i % channels
      output.data[i] = Math.max(x.data[i] * scale.data[c] + shift.data[c], least)
    }
  },
}

/** `x * scale + shift`, per channel. */
export function scaleShift(x: Tensor, scale: Tensor, shift: Tensor): Tensor<'scaleShift'> {
  return new Tensor(scaleShiftOperation, [x, scale, shift], { activation: 'none' })
}
