import { notDifferentiable, type Operation } from '../../graph/operation.ts'
import { Tensor } from '../../graph/tensor.ts'
import type { Shape } from '../../shape.ts'
import { noEpilogue } from '../epilogue.ts'
import { type PaddingLike, type PairLike, toPadding, toPair } from '../window.ts'
import { forward } from './forward.ts'
import type { Conv2dGeometry } from './geometry.ts'
import { inputGradient } from './input-gradient.ts'
import { weightGradient } from './weight-gradient.ts'

// A convolution is linear in both factors, so its gradients, and their gradients, are again these three operations.

export const conv2dOperation: Operation<'conv2d'> = {
  ...forward,
  gradient([x, weight, bias], _, gradient, attributes) {
    if (attributes.residual || attributes.activation !== 'none') return notDifferentiable()
    return [
      conv2dInputGradient(gradient, weight, x.shape, attributes),
      conv2dWeightGradient(x, gradient, weight.shape, attributes),
      bias && gradient.sum([0, 1, 2]),
    ]
  },
}

const conv2dInputGradientOperation: Operation<'conv2dInputGradient'> = {
  ...inputGradient,
  gradient([gradient, weight], _, outer, attributes) {
    if (attributes.residual) return notDifferentiable()
    const { stride, padding, dilation, groups } = attributes
    return [
      conv2d(outer, weight, { stride, padding, dilation, groups }),
      conv2dWeightGradient(outer, gradient, weight.shape, attributes),
    ]
  },
}

const conv2dWeightGradientOperation: Operation<'conv2dWeightGradient'> = {
  ...weightGradient,
  gradient([x, gradient], _, outer, attributes) {
    const { stride, padding, dilation, groups } = attributes
    return [
      conv2dInputGradient(gradient, outer, x.shape, attributes),
      conv2d(x, outer, { stride, padding, dilation, groups }),
    ]
  },
}

export interface Conv2dOptions {
  /** `[o]`, added to every pixel; default none. */
  readonly bias?: Tensor
  /** Default 1. */
  readonly stride?: PairLike
  /** Zeros around the image; default 0. */
  readonly padding?: PaddingLike
  /** Distance between the taps of the kernel; default 1. */
  readonly dilation?: PairLike
  /**
   * The number of parts that the channels are split into and that do not mix; default 1, `c` for a depthwise
   * convolution.
   */
  readonly groups?: number
}

/**
 * Two-dimensional cross-correlation, as PyTorch's `Conv2d`.
 * @param x `[n, h, w, c]`
 * @param weight `[o, c / groups, kh, kw]`
 * @returns `[n, oh, ow, o]` with `oh = floor((h + top + bottom - dilation * (kh - 1) - 1) / stride) + 1`
 * @throws ShapeError when shapes and options do not fit together.
 */
export function conv2d(x: Tensor, weight: Tensor, options: Conv2dOptions = {}): Tensor<'conv2d'> {
  const { bias, stride = 1, padding = 0, dilation = 1, groups = 1 } = options
  return new Tensor(conv2dOperation, bias ? [x, weight, bias] : [x, weight], {
    stride: toPair(stride),
    padding: toPadding(padding),
    dilation: toPair(dilation),
    groups,
    ...noEpilogue,
    bias: bias !== undefined,
  })
}

/**
 * The gradient of a convolution's input.
 * @param gradient of the output, `[n, oh, ow, o]`
 * @param weight `[o, c / groups, kh, kw]`
 * @param shape of the input, `[n, h, w, c]`
 */
function conv2dInputGradient(
  gradient: Tensor,
  weight: Tensor,
  shape: Shape,
  { stride, padding, dilation, groups }: Conv2dGeometry,
): Tensor<'conv2dInputGradient'> {
  const attributes = { shape, stride, padding, dilation, groups, residual: false }
  return new Tensor(conv2dInputGradientOperation, [gradient, weight], attributes)
}

/**
 * The gradient of a convolution's weight.
 * @param x `[n, h, w, c]`
 * @param gradient of the output, `[n, oh, ow, o]`
 * @param shape of the weight, `[o, c / groups, kh, kw]`
 */
function conv2dWeightGradient(
  x: Tensor,
  gradient: Tensor,
  shape: Shape,
  { stride, padding, dilation, groups }: Conv2dGeometry,
): Tensor<'conv2dWeightGradient'> {
  return new Tensor(conv2dWeightGradientOperation, [x, gradient], { shape, stride, padding, dilation, groups })
}
