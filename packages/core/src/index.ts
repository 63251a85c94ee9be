import './fluent.ts'

export { turn } from '@residual/kernels-wasm/turn'
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
export * from './ops/index.ts'
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
