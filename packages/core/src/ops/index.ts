import type { ArgmaxAttributes } from './argmax.ts'
import type { AvgPool2dAttributes } from './avg-pool2d/forward.ts'
import type { AvgPool2dGradientAttributes } from './avg-pool2d/gradient.ts'
import type { BatchNormAttributes } from './batch-norm.ts'
import type { BinaryAttributes } from './binary.ts'
import type { BroadcastAttributes } from './broadcast.ts'
import type { ConcatAttributes } from './concat.ts'
import type { ConstantAttributes } from './constant.ts'
import type { Conv2dAttributes } from './conv2d/forward.ts'
import type { Conv2dInputGradientAttributes } from './conv2d/input-gradient.ts'
import type { Conv2dWeightGradientAttributes } from './conv2d/weight-gradient.ts'
import type { GlobalAvgPoolAttributes } from './global-avg-pool.ts'
import type { InputAttributes } from './input.ts'
import type { LogSoftmaxAttributes } from './log-softmax.ts'
import type { MatmulAttributes } from './matmul.ts'
import type { MaxPool2dGradientAttributes } from './max-pool2d/gradient.ts'
import type { MaxPool2dAttributes } from './max-pool2d/index.ts'
import type { MomentsAttributes } from './moments.ts'
import type { NormalizeGradientAttributes } from './normalize/gradients.ts'
import type { NormalizeAttributes } from './normalize/index.ts'
import type { PadAttributes } from './pad.ts'
import type { ParameterAttributes } from './parameter.ts'
import type { ReduceAttributes } from './reduce.ts'
import type { ReshapeAttributes } from './reshape.ts'
import type { ScaleShiftAttributes } from './scale-shift.ts'
import type { SliceAttributes } from './slice.ts'
import type { SoftmaxAttributes } from './softmax.ts'
import type { SpreadAttributes } from './spread.ts'
import type { UnaryAttributes } from './unary.ts'
import type { WeightedSumAttributes } from './weighted-sum.ts'

export { argmax } from './argmax.ts'
export { type AvgPool2dOptions, avgPool2d } from './avg-pool2d/index.ts'
export { type BatchNormOptions, batchNorm } from './batch-norm.ts'
export { gate } from './binary.ts'
export { broadcast } from './broadcast.ts'
export { concat } from './concat.ts'
export { constant } from './constant.ts'
export { type Conv2dOptions, conv2d } from './conv2d/index.ts'
export { crossEntropy } from './cross-entropy.ts'
export { globalAvgPool } from './global-avg-pool.ts'
export { input } from './input.ts'
export { logSoftmax } from './log-softmax.ts'
export { linear, type MatmulOptions, matmul } from './matmul.ts'
export { type MaxPool2dOptions, maxPool2d } from './max-pool2d/index.ts'
export { moments } from './moments.ts'
export { type NormalizeOptions, normalize } from './normalize/index.ts'
export { pad } from './pad.ts'
export { parameter } from './parameter.ts'
export { reshape } from './reshape.ts'
export { slice } from './slice.ts'
export { softmax } from './softmax.ts'
export { relu } from './unary.ts'
export { weightedSum } from './weighted-sum.ts'
export type { PaddingLike, PairLike } from './window.ts'

/**
 * All operations, each with the type of its attributes. The compiler checks that the `Operation` of each name has every
 * rule and trait, and that each backend has a rule for every name.
 */
export interface AttributesOf {
  input: InputAttributes
  parameter: ParameterAttributes
  constant: ConstantAttributes
  conv2d: Conv2dAttributes
  matmul: MatmulAttributes
  unary: UnaryAttributes
  binary: BinaryAttributes
  batchNorm: BatchNormAttributes
  scaleShift: ScaleShiftAttributes
  maxPool2d: MaxPool2dAttributes
  avgPool2d: AvgPool2dAttributes
  globalAvgPool: GlobalAvgPoolAttributes
  pad: PadAttributes
  slice: SliceAttributes
  concat: ConcatAttributes
  reshape: ReshapeAttributes
  softmax: SoftmaxAttributes
  logSoftmax: LogSoftmaxAttributes
  reduce: ReduceAttributes
  argmax: ArgmaxAttributes
  broadcast: BroadcastAttributes
  spread: SpreadAttributes
  weightedSum: WeightedSumAttributes
  conv2dInputGradient: Conv2dInputGradientAttributes
  conv2dWeightGradient: Conv2dWeightGradientAttributes
  maxPool2dGradient: MaxPool2dGradientAttributes
  avgPool2dGradient: AvgPool2dGradientAttributes
  moments: MomentsAttributes
  normalize: NormalizeAttributes
  normalizeSums: NormalizeGradientAttributes
  normalizeGradient: NormalizeGradientAttributes
}

export type OpName = keyof AttributesOf
