import { constant } from './constant.ts'
import { cosine } from './cosine.ts'
import { oneCycle } from './one-cycle.ts'
import { step } from './step.ts'

export { constantRate } from './constant.ts'
export { cosineRate } from './cosine.ts'
export { type OneCycleOptions, oneCycleRate } from './one-cycle.ts'
export { type Schedule, warmUp } from './schedule.ts'
export { stepRate } from './step.ts'

/** The schedules by the names that recipes use, the default first. */
export const SCHEDULES = { cosine, step, oneCycle, constant }
