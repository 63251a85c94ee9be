export { appendToFile, kindOf, makeDirectory, readFileIfThere, replaceFile, takeLock } from '#files'
export { crc32c } from '../crc32c.ts'
export { parseJsonObject } from '../json.ts'
export type { Lock } from './types.ts'
