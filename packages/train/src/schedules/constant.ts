import { options } from '@residual/core/schema'
import { rate, type Schedule, schedule, warmUpOptions } from './schedule.ts'

/** The same rate at every step. */
export const constantRate =
  (rate: number): Schedule =>
  () =>
    rate

export const constant = schedule({
  options: options({ rate, warmUp: warmUpOptions }),
  make: ({ rate }) => constantRate(rate),
})
