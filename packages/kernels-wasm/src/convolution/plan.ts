import type { Activation, Instruction } from '../instructions.generated.ts'
import type { ConvolutionGeometry } from './geometry.ts'

/** How the weights of a convolution lie in memory; all numbers count values. */
export interface WeightsLayout {
  /** Position of the first tap to be read. */
  readonly offset: number
  readonly groupStride: number
  /** From one output of a group to the next. */
  readonly columnStride: number
  /** From one input channel of a group to the next. */
  readonly depthStride: number
  /** From one tap to the one below, and to the right. */
  readonly tapStrides: readonly [number, number]
}

/** Addresses of one convolution's buffers; `bias` and `residual` may be 0. */
export interface ConvolutionBuffers {
  readonly input: number
  /** Packed, {@link ConvolutionPlan.packedFloats} long. */
  readonly weights: number
  /** Bias, {@link ConvolutionPlan.biasFloats} long. */
  readonly bias: number
  readonly residual: number
  readonly output: number
  /** A buffer of {@link ConvolutionPlan.zeros} zeros. */
  readonly zeros: number
  /**
   * {@link ConvolutionPlan.workspaceFloats} long, plus {@link ConvolutionPlan.threadFloats} for each thread; its
   * content before and after does not matter.
   */
  readonly workspace: number
  readonly activation: Activation
}

/** How a convolution or matrix product runs, and how much memory it needs. */
export interface ConvolutionPlan {
  readonly packedFloats: number
  readonly biasFloats: number
  readonly zeros: number
  readonly workspaceFloats: number
  readonly threadFloats: number
  /** Multiples of this many outputs can be packed by themselves; undefined if their weights are not contiguous. */
  readonly packUnit?: number
  /**
   * Packs weights (OIHW, or a matrix) once: all, or `count` outputs starting at `first`, whose weights are at `source`.
   */
  pack(source: number, packed: number, part?: { readonly first: number; readonly count: number }): Instruction
  run(buffers: ConvolutionBuffers): Instruction[]
}

export interface ConvolutionOptions {
  /** The layout of weights before packing; default PyTorch's `[outputs, channels / groups, kernel...]`. */
  readonly weights?: WeightsLayout
  /**
   * Whether to choose the fastest algorithm for the whole batch, as in training. It is up to 1.4 times as fast, but the
   * last digits of an image's result then depend on the number of images in the batch. Default false.
   */
  readonly wholeBatch?: boolean
}

/** PyTorch's order of weights: `[outputs, channels / groups, kernel height, kernel width]`. */
export function oihw(g: ConvolutionGeometry): WeightsLayout {
  const taps = g.kernel[0] * g.kernel[1]
  const columnStride = (g.channels / g.groups) * taps
  const groupStride = (g.outputs / g.groups) * columnStride
  return { offset: 0, groupStride, columnStride, depthStride: taps, tapStrides: [g.kernel[1], 1] }
}
