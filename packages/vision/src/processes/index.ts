export { hasEnded, thisProcess } from '#processes'
export type { ProcessName } from './process-name.ts'
