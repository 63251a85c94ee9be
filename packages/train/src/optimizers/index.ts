export { accumulated, clipped } from './gradients.ts'
export * from './named.ts'
export type { Optimization, Optimizer, OptimizerInputs } from './optimizer.ts'
