export {
  type Architecture,
  architecture,
  architectureNames,
  type Block,
  type Family,
  type Shortcut,
} from './architectures.ts'
export { inferArchitecture } from './infer.ts'
export { cifar10Classes, cifar100Classes, imagenetClasses } from './labels/index.ts'
export { type Network, resnet } from './network.ts'
export { type LayerSummary, type Summary, type SummaryOptions, summarize } from './summary.ts'
