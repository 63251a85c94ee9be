import {
  boolean,
  checkOptions,
  type Fields,
  type Input,
  number,
  type Options,
  type Output,
  options,
  whole,
} from '@residual/core/schema'

/** Returns the learning rate of a step; steps count from 0. It is a pure function, so that resuming needs no state. */
export type Schedule = (step: number) => number

/** The lengths that a schedule depends on: the steps of the training, and the steps of its warm-up (`begin`). */
export interface Course {
  readonly steps: number
  readonly begin: number
}

/** A row of the table of schedules: its options in a recipe, and a function that makes the schedule from them. */
export interface ScheduleRow<Declared extends Options<Fields>> {
  readonly options: Declared
  readonly make: (settings: Output<Declared>, course: Course) => Schedule
}

/** A row, with its types inferred. */
export const schedule = <Declared extends Options<Fields>>(row: ScheduleRow<Declared>): ScheduleRow<Declared> => row

export const rate = number(0).default(0.1).help('highest learning rate')

const start = {
  from: number(0).default(0).help('learning rate at the start of the warm-up'),
  flat: boolean.default(false).help('stay at that rate instead of rising linearly'),
}

export const warmUpOptions = options({
  length: number(0, 1).default(0).help('fraction of the training that the warm-up takes'),
  ...start,
})

const called = options({ steps: whole(0), ...start })

/**
 * Puts a warm-up in front of a schedule: in the first `steps` steps the rate rises linearly from `from` to the
 * schedule's rate at step `steps`, or stays at `from` if `flat` is set. After that the schedule is unchanged.
 * @throws ResidualError if an option is unknown or out of range.
 */
export function warmUp(schedule: Schedule, given: Input<typeof called>): Schedule {
  const { steps, from, flat } = checkOptions('warmUp', given, called)
  const target = schedule(steps)
  return step => {
    if (step >= steps) return schedule(step)
    return flat ? from : from + ((target - from) * step) / steps
  }
}

/** Half a cosine from `a` at 0 to `b` at 1. */
export const halfCosine = (a: number, b: number, at: number): number =>
  b + ((a - b) * (1 + Math.cos(Math.PI * clamp(at)))) / 2

const clamp = (x: number): number => Math.max(0, Math.min(1, x))
