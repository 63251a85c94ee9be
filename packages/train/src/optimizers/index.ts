import { adamw } from './adamw.ts'
import { lamb } from './lamb.ts'
import { lars } from './lars.ts'
import { sgd } from './sgd.ts'

export { type AdamOptions, adamw } from './adamw.ts'
export { accumulated, clipped } from './gradients.ts'
export { type LambOptions, lamb } from './lamb.ts'
export { type LarsOptions, lars } from './lars.ts'
export type { Optimization, Optimizer, OptimizerInputs } from './optimizer.ts'
export { type SgdOptions, sgd } from './sgd.ts'

/** The optimisers by the names that recipes use, the default first. */
export const OPTIMIZERS = { sgd, adamw, lars, lamb }
