export { VisionError } from './errors.ts'
export type { Filter } from './filters.ts'
export type { Picture } from './picture.ts'
export { resize, resizeShortest } from './resize.ts'
