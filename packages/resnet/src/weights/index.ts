export { assignParameters, matchParameters, mismatchOf } from './assign-parameters.ts'
export { FileParameters, tensorsOf, WeightsFile } from './file-weights.ts'
export { normalizeKeys } from './normalize-keys.ts'
export { checkFormat, formatOf, readWeights } from './read-weights.ts'
