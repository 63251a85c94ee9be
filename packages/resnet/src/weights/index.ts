export { FileParameters, tensorsOf, WeightsFile } from '#weights-file'
export { assignParameters, matchParameters } from './assign-parameters.ts'
export { normalizeKeys } from './normalize-keys.ts'
export { checkFormat, formatOf, readWeights } from './read-weights.ts'
