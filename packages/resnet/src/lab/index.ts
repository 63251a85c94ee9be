export { PullError } from '../errors.ts'
export { type Ablated, type AblateOptions, type Ablation, ablate, type Damage } from './ablate.ts'
export { ablationPage, ablationSvg } from './ablation-report.ts'
export { type Comparison, compareModels } from './compare.ts'
export { type Deepened, type DeepenOptions, deepen, type Places } from './deepen.ts'
export * from './degrade/index.ts'
export {
  type BlockEffect,
  type DepthAnswer,
  type ExplainOptions,
  type Explanation,
  explain,
} from './explain.ts'
export { type ExplanationPageOptions, explanationPage, explanationPng } from './explanation-page.ts'
export * from './graph/index.ts'
export { type HeatMap, heatColour, overlay, resizeMap } from './heat.ts'
export { type Movement, movementOf } from './movement.ts'
export { openNamedData } from './named-data.ts'
export * from './pull/index.ts'
export * from './report/index.ts'
export { type BlockSignal, type LayerSignal, measureSignals, type SignalBatch, type Signals } from './signals.ts'
