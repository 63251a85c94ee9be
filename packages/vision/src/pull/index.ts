export type { Archive, PulledName } from './archives.ts'
export { cacheDirectory } from './cache.ts'
export type { Patience } from './download.ts'
export { type Pulled, type PullOptions, type PullProgress, pull, pulledPath } from './pull.ts'
