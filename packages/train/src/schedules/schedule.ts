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

/** The learning rate of each step; steps count from 0. A pure function, so that resuming needs no state. */
export type Schedule = (step: number) => number

/** The training that a schedule is for: its steps, and those of them that its warm-up takes. */
export interface Course {
  readonly steps: number
  readonly begin: number
}

/** A row of the table of schedules: its options in a recipe, and what it makes of them for a training. */
export interface ScheduleRow<Declared extends Options<Fields>> {
  readonly options: Declared
  readonly make: (settings: Output<Declared>, course: Course) => Schedule
}

/** A row, with its types inferred. */
export const schedule = <Declared extends Options<Fields>>(row: ScheduleRow<Declared>): ScheduleRow<Declared> => row

export const rate = number(0).default(0.1).help('highest learning rate')

const start = {
  from: number(0).default(0).help('rate that it begins with'),
  flat: boolean.default(false).help('stay at that rate rather than rise in a straight line'),
}

export const warmUpOptions = options({
  length: number(0, 1).default(0).help('part of the training that it takes'),
  ...start,
})

const called = options({ steps: whole(0), ...start })

/**
 * Puts a warm-up in front of a schedule: in the first `steps` steps the rate goes in a straight line from `from` to what
 * the schedule gives at step `steps`, or, `flat`, stays at `from`. After them the schedule is itself.
 * @throws ResidualError for an unknown option, or a value out of its range.
 */
export function warmUp(schedule: Schedule, given: Input<typeof called>): Schedule {
  const { steps, from, flat } = checkOptions('warmUp', given, called)
  const target = schedule(steps)
  return step => {
    if (step >= steps) return schedule(step)
    return flat ? from : from + ((target - from) * step) / steps
  }
}

/** Half a cosine from `a`, at 0, to `b`, at 1. */
export const halfCosine = (a: number, b: number, at: number): number =>
  b + ((a - b) * (1 + Math.cos(Math.PI * clamp(at)))) / 2

const clamp = (x: number): number => Math.max(0, Math.min(1, x))
