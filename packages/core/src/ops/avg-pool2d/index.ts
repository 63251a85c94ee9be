import { defineOperation, noMacs } from '../../graph/operation.ts'
import { Tensor } from '../../graph/tensor.ts'
import {
  type Padding,
  type PaddingLike,
  type Pair,
  type PairLike,
  poolShape,
  toPadding,
  toPair,
  walkWindows,
} from '../window.ts'
import { avgPool2dGradient } from './gradient.ts'

/** Inputs: x `[n, h, w, c]`. */
export interface AvgPool2dAttributes {
  readonly kernel: Pair
  readonly stride: Pair
  readonly padding: Padding
  readonly countIncludePad: boolean
}

export const avgPool2dOperation = defineOperation<AvgPool2dAttributes>({
  shape: ([x], attributes) => poolShape('avgPool2d', x, attributes),
  macs: noMacs,
  gradient: ([x], _, gradient, attributes) => [avgPool2dGradient(gradient, x.shape, attributes)],
  reference([x], output, attributes) {
    const { kernel, countIncludePad } = attributes
    walkWindows(x.shape, output.shape, attributes, (index, inputs) => {
      let sum = 0
      for (const i of inputs) sum += x.data[i]
      output.data[index] = sum / (countIncludePad ? kernel[0] * kernel[1] : inputs.length)
    })
  },
})

export interface AvgPool2dOptions {
  readonly kernel: PairLike
  /** Default: the kernel. */
  readonly stride?: PairLike
  /** Zeros around the image, at most half the kernel; default 0. */
  readonly padding?: PaddingLike
  /** Divide by the whole window, padding included; default true. */
  readonly countIncludePad?: boolean
}

/**
 * The mean under each window, as PyTorch's `AvgPool2d`.
 * @param x `[n, h, w, c]`
 * @returns `[n, oh, ow, c]` with `oh = floor((h + top + bottom - kernel) / stride) + 1`
 * @throws ShapeError when the window does not fit.
 */
export function avgPool2d(x: Tensor, options: AvgPool2dOptions): Tensor<'avgPool2d'> {
  const { kernel, stride = kernel, padding = 0, countIncludePad = true } = options
  return new Tensor('avgPool2d', [x], {
    kernel: toPair(kernel),
    stride: toPair(stride),
    padding: toPadding(padding),
    countIncludePad,
  })
}
