import type { Operation } from '../../graph/operation.ts'
import { Tensor } from '../../graph/tensor.ts'
import type { Shape } from '../../shape.ts'
import { type PaddingLike, type PairLike, toPadding, toPair } from '../window.ts'
import { type AvgPool2dAttributes, forward } from './forward.ts'
import { gradient } from './gradient.ts'

const avgPool2dOperation: Operation<'avgPool2d'> = {
  ...forward,
  gradient: ([x], _, outer, attributes) => [avgPool2dGradient(outer, x.shape, attributes)],
}

const avgPool2dGradientOperation: Operation<'avgPool2dGradient'> = {
  ...gradient,
  gradient: (_, __, outer, { shape: ___, ...attributes }) => [avgPool2d(outer, attributes)],
}

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
  return new Tensor(avgPool2dOperation, [x], {
    kernel: toPair(kernel),
    stride: toPair(stride),
    padding: toPadding(padding),
    countIncludePad,
  })
}

/**
 * The gradient of an average pooling's input.
 * @param gradient of the output, `[n, oh, ow, c]`
 * @param shape of the input, `[n, h, w, c]`
 */
function avgPool2dGradient(
  gradient: Tensor,
  shape: Shape,
  attributes: AvgPool2dAttributes,
): Tensor<'avgPool2dGradient'> {
  return new Tensor(avgPool2dGradientOperation, [gradient], { ...attributes, shape })
}
