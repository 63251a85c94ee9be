import { number, whole } from '@residual/core/schema'
import { rate } from './schedules/schedule.ts'

// A command's help shows these and must not load what trains.

export { SCHEDULES } from './schedules/index.ts'

/** More than any training takes, and few enough to count exactly. */
export const MOST = 1_000_000_000

/** The settings of a recipe that people change most often. */
export const settings = {
  epochs: whole(1, MOST).help('passes over the data'),
  batch: whole(1, 65_536).help('images in a batch'),
  rate,
  weightDecay: number(0).help('weight decay'),
}
