import type { Operation } from '../graph/operation.ts'
import { type ArgmaxAttributes, argmaxOperation } from './argmax.ts'
import { type AvgPool2dGradientAttributes, avgPool2dGradientOperation } from './avg-pool2d/gradient.ts'
import { type AvgPool2dAttributes, avgPool2dOperation } from './avg-pool2d/index.ts'
import { type BatchNormAttributes, batchNormOperation } from './batch-norm.ts'
import { type BinaryAttributes, binaryOperation } from './binary.ts'
import { type BroadcastAttributes, broadcastOperation } from './broadcast.ts'
import { type ConcatAttributes, concatOperation } from './concat.ts'
import { type ConstantAttributes, constantOperation } from './constant.ts'
import { type Conv2dAttributes, conv2dOperation } from './conv2d/index.ts'
import { type Conv2dInputGradientAttributes, conv2dInputGradientOperation } from './conv2d/input-gradient.ts'
import { type Conv2dWeightGradientAttributes, conv2dWeightGradientOperation } from './conv2d/weight-gradient.ts'
import { type GlobalAvgPoolAttributes, globalAvgPoolOperation } from './global-avg-pool.ts'
import { type InputAttributes, inputOperation } from './input.ts'
import { type LogSoftmaxAttributes, logSoftmaxOperation } from './log-softmax.ts'
import { type MatmulAttributes, matmulOperation } from './matmul.ts'
import { type MaxPool2dGradientAttributes, maxPool2dGradientOperation } from './max-pool2d/gradient.ts'
import { type MaxPool2dAttributes, maxPool2dOperation } from './max-pool2d/index.ts'
import { type MomentsAttributes, momentsOperation } from './moments.ts'
import {
  type NormalizeGradientAttributes,
  normalizeGradientOperation,
  normalizeSumsOperation,
} from './normalize/gradients.ts'
import { type NormalizeAttributes, normalizeOperation } from './normalize/index.ts'
import { type PadAttributes, padOperation } from './pad.ts'
import { type ParameterAttributes, parameterOperation } from './parameter.ts'
import { type ReduceAttributes, reduceOperation } from './reduce.ts'
import { type ReshapeAttributes, reshapeOperation } from './reshape.ts'
import { type ScaleShiftAttributes, scaleShiftOperation } from './scale-shift.ts'
import { type SliceAttributes, sliceOperation } from './slice.ts'
import { type SoftmaxAttributes, softmaxOperation } from './softmax.ts'
import { type SpreadAttributes, spreadOperation } from './spread.ts'
import { type UnaryAttributes, unaryOperation } from './unary.ts'
import { type WeightedSumAttributes, weightedSumOperation } from './weighted-sum.ts'

/** The operations there are, each with the type of its attributes. */
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

type Operations = { readonly [Op in OpName]: Operation<AttributesOf[Op]> }

/**
 * Operations by name. Leaving one out, or one of its rules, does not compile. Made when first asked for: operations
 * and tensors import each other, and a bundler may put this file before some of the operations.
 */
const makeTable = (): Operations => ({
  input: inputOperation,
  parameter: parameterOperation,
  constant: constantOperation,
  conv2d: conv2dOperation,
  matmul: matmulOperation,
  unary: unaryOperation,
  binary: binaryOperation,
  batchNorm: batchNormOperation,
  scaleShift: scaleShiftOperation,
  maxPool2d: maxPool2dOperation,
  avgPool2d: avgPool2dOperation,
  globalAvgPool: globalAvgPoolOperation,
  pad: padOperation,
  slice: sliceOperation,
  concat: concatOperation,
  reshape: reshapeOperation,
  softmax: softmaxOperation,
  logSoftmax: logSoftmaxOperation,
  reduce: reduceOperation,
  argmax: argmaxOperation,
  broadcast: broadcastOperation,
  spread: spreadOperation,
  weightedSum: weightedSumOperation,
  conv2dInputGradient: conv2dInputGradientOperation,
  conv2dWeightGradient: conv2dWeightGradientOperation,
  maxPool2dGradient: maxPool2dGradientOperation,
  avgPool2dGradient: avgPool2dGradientOperation,
  moments: momentsOperation,
  normalize: normalizeOperation,
  normalizeSums: normalizeSumsOperation,
  normalizeGradient: normalizeGradientOperation,
})

let table: Operations | undefined

/** The definition of one operation, typed by its name. */
export function operationOf<Op extends OpName>(op: Op): Operation<AttributesOf[Op]> {
  table ??= makeTable()
  return table[op]
}
