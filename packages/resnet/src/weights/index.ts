export { assignParameters } from './assign-parameters.ts'
export { normalizeKeys } from './normalize-keys.ts'
export { readWeights } from './read-weights.ts'
