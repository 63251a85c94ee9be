export * from './named.ts'
export { type Schedule, warmUp } from './schedule.ts'
