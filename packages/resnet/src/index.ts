export {
  type Architecture,
  architecture,
  architectureNames,
  type Block,
  type Family,
  type Shortcut,
} from './architectures.ts'
export { CheckpointError, DivergenceError, ModelError, PullError, RecipeError, TrainingError } from './errors.ts'
export { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.ts'
export { inferArchitecture } from './infer.ts'
export { type Ablated, type AblateOptions, type Ablation, ablate, type Damage } from './lab/ablate.ts'
export { ablationPage, ablationSvg } from './lab/ablation-report.ts'
export { type Comparison, compareModels } from './lab/compare.ts'
export { type Deepened, type DeepenOptions, deepen, type Places } from './lab/deepen.ts'
export { type Movement, movementOf } from './lab/movement.ts'
export { openNamedData } from './lab/named-data.ts'
export {
  type Archive,
  cacheDirectory,
  type Patience,
  type Pulled,
  type PulledName,
  type PullOptions,
  type PullProgress,
  pull,
  pulledPath,
} from './lab/pull/index.ts'
export { defaultLabels, imagenetClasses } from './labels/index.ts'
export { embeddedModels, type LoadOptions, loadModel } from './load.ts'
export { type Classification, Model, type ModelParts, type Prediction, type Runtime } from './model.ts'
export { type Network, type ResnetOptions, resnet } from './network.ts'
export { defaultPreprocessing } from './preprocessing.ts'
export { saveModel } from './save.ts'
export { type LayerSummary, type Summary, type SummaryOptions, summarize } from './summary.ts'
export * from './training/index.ts'
export { untrainedModel } from './untrained.ts'
export { readWeights } from './weights/index.ts'
