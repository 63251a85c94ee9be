export {
  type Architecture,
  architecture,
  architectureNames,
  type Block,
  type Family,
  type Shortcut,
} from './architectures.ts'
export { ModelError } from './errors.ts'
export { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.ts'
export { inferArchitecture } from './infer.ts'
export { defaultLabels, imagenetClasses } from './labels/index.ts'
export { embeddedModels, type LoadOptions, loadModel } from './load.ts'
export { type Classification, Model, type ModelParts, type Prediction, type Runtime } from './model.ts'
export { type Network, resnet } from './network.ts'
export { defaultPreprocessing } from './preprocessing.ts'
export { type LayerSummary, type Summary, type SummaryOptions, summarize } from './summary.ts'
export { untrainedModel } from './untrained.ts'
export { readWeights } from './weights/index.ts'
