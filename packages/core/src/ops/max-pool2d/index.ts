import { noMacs, type Operation, ordinary } from '../../graph/operation.ts'
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
import { maxPool2dGradient } from './gradient.ts'

/** Inputs: x `[n, h, w, c]`. */
export interface MaxPool2dAttributes {
  readonly kernel: Pair
  readonly stride: Pair
  readonly padding: Padding
}

const maxPool2dOperation: Operation<'maxPool2d'> = {
  name: 'maxPool2d',
  shape: ([x], attributes) => poolShape('maxPool2d', x, attributes),
  traits: ordinary,
  macs: noMacs,
  gradient: ([x], _, gradient, attributes) => [maxPool2dGradient(gradient, x, attributes)],
  reference([x], output, attributes) {
    walkWindows(x.shape, output.shape, attributes, (index, inputs) => {
      let max = -Infinity
      for (const i of inputs) max = Math.max(max, x.data[i])
      output.data[index] = max
    })
  },
}

export interface MaxPool2dOptions {
  readonly kernel: PairLike
  /** Default: the kernel. */
  readonly stride?: PairLike
  /** A border of negative infinity around the image, at most half the kernel; default 0. */
  readonly padding?: PaddingLike
}

/**
 * The largest value under each window, as PyTorch's `MaxPool2d`.
 * @param x `[n, h, w, c]`
 * @returns `[n, oh, ow, c]` with `oh = floor((h + top + bottom - kernel) / stride) + 1`
 * @throws ShapeError when the window does not fit.
 */
export function maxPool2d(x: Tensor, { kernel, stride = kernel, padding = 0 }: MaxPool2dOptions): Tensor<'maxPool2d'> {
  return new Tensor(maxPool2dOperation, [x], {
    kernel: toPair(kernel),
    stride: toPair(stride),
    padding: toPadding(padding),
  })
}
