export { ACTIVATIONS, type Activation } from './activations.ts'
export { architectureOption } from './architecture-option.ts'
export { architecture, architectureNames, architectureOfDepth, atDepth, named } from './architectures.ts'
export { type Block, depthOf, type ResidualBlock } from './blocks.ts'
export { CheckpointError, ModelError } from './errors.ts'
export { type EvaluateOptions, type Evaluation, evaluate, evaluateOptions } from './evaluate.ts'
export { inferArchitecture } from './infer.ts'
export { haveSameNames, requireSameClasses } from './labels/compare.ts'
export { defaultLabels, imagenetClasses } from './labels/index.ts'
export { embeddedModels, type LoadOptions, loadModel } from './load.ts'
export { type Classification, Model, type ModelParts, type Prediction, type Runtime } from './model.ts'
export { nearest } from './nearest.ts'
export { type Network, parametersOf, type ResnetOptions, resnet } from './network.ts'
export { blockNames, linearNames, placeOf, stageName } from './parts.ts'
export { defaultPreprocessing } from './preprocessing.ts'
export { readArchitecture } from './read-row.ts'
export {
  type Architecture,
  differingFields,
  type Family,
  linearPerStage,
  type Row,
  type Shortcut,
  type Stem,
} from './row.ts'
export { saveModel } from './save.ts'
export { crossEntropyOf, softmaxOf } from './scores.ts'
export {
  type GraphLayer,
  type LayerSummary,
  layersOf,
  type Summary,
  type SummaryOptions,
  summarize,
} from './summary.ts'
export { untrainedModel } from './untrained.ts'
export { readWeights } from './weights/index.ts'
