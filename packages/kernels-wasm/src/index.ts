export { type Conv2dOptions, conv2d, type MatmulOptions, matmul } from './arrays.ts'
export { type Build, supportedBuilds, threadsSupported } from './builds.ts'
export { type ConvolutionGeometry, convolutionOutput } from './convolution/geometry.ts'
export type { ConvolutionBuffers, ConvolutionOptions, ConvolutionPlan, WeightsLayout } from './convolution/plan.ts'
export { convolutionPlans, type MatmulGeometry, planConvolution, planMatmul } from './convolution.ts'
export { SCRATCH } from './encode.ts'
export { KernelError, MemoryError } from './errors.ts'
export { type InputGradientPlan, planConvolutionInputGradient } from './input-gradient.ts'
export {
  type Activation,
  type BinaryKind,
  type Instruction,
  type PoolKind,
  RANK,
  type ReduceKind,
  type UnaryKind,
} from './instructions.generated.ts'
export { type KernelOptions, Kernels, type LoadedProgram, loadKernels } from './kernels.ts'
export {
  type MomentsPlan,
  type NormalizeSumsBuffers,
  type NormalizeSumsPlan,
  planMoments,
  planNormalizeSums,
  type RowsGeometry,
} from './normalization.ts'
export {
  planConvolutionWeightGradient,
  type WeightGradientBuffers,
  type WeightGradientPlan,
  weightGradientPlans,
} from './weight-gradient.ts'
