import './fluent.ts'

export type { StepTime } from './backend.ts'
export {
  type CompileOptions,
  type Computation,
  compile,
  compileOptions,
  type Parameters,
  type Program,
} from './compile.ts'
export { ArchitectureError, FormatError, ParameterError, quote, ResidualError, ShapeError } from './errors.ts'
export type { TensorMethods } from './fluent.ts'
export { grad } from './grad.ts'
export { byteSize, type Graph, graphOf, macs, parameterCount } from './graph/graph.ts'
export { Tensor } from './graph/tensor.ts'
export { argmax } from './ops/argmax.ts'
export { type AvgPool2dOptions, avgPool2d } from './ops/avg-pool2d/index.ts'
export { type BatchNormOptions, batchNorm } from './ops/batch-norm.ts'
export { gate } from './ops/binary.ts'
export { broadcast } from './ops/broadcast.ts'
export { concat } from './ops/concat.ts'
export { constant } from './ops/constant.ts'
export { type Conv2dOptions, conv2d } from './ops/conv2d/index.ts'
export { crossEntropy } from './ops/cross-entropy.ts'
export { globalAvgPool } from './ops/global-avg-pool.ts'
export type { AttributesOf, OpName } from './ops/index.ts'
export { input } from './ops/input.ts'
export { logSoftmax } from './ops/log-softmax.ts'
export { linear, type MatmulOptions, matmul } from './ops/matmul.ts'
export { type MaxPool2dOptions, maxPool2d } from './ops/max-pool2d/index.ts'
export { moments } from './ops/moments.ts'
export { type NormalizeOptions, normalize } from './ops/normalize/index.ts'
export { pad } from './ops/pad.ts'
export { parameter } from './ops/parameter.ts'
export { reshape } from './ops/reshape.ts'
export { slice } from './ops/slice.ts'
export { softmax } from './ops/softmax.ts'
export { relu } from './ops/unary.ts'
export { weightedSum } from './ops/weighted-sum.ts'
export type { PaddingLike, PairLike } from './ops/window.ts'
export { messageLine, printable } from './printable.ts'
export {
  readSafetensors,
  type SafetensorsFile,
  scanSafetensors,
  type TensorRange,
  writeSafetensors,
} from './safetensors/index.ts'
export { Scope } from './scope.ts'
export { type DType, type Shape, sizeOf } from './shape.ts'
export {
  dtypeBytes,
  fromFloat32,
  type ReadBytes,
  readFloat32,
  type StorageType,
  toFloat32,
  type Weight,
} from './weights/index.ts'
