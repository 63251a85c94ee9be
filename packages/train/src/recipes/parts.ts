import { OPTIMIZERS, type Optimizer } from '../optimizers/index.ts'
import { SCHEDULES, type Schedule, warmUp } from '../schedules/index.ts'
import type { Course } from '../schedules/schedule.ts'
import type { OptimizerRecipe, ScheduleRecipe, WarmUpRecipe } from './recipe.ts'

/** Makes the optimiser that a recipe names. */
export function optimizerOf({ kind, ...settings }: OptimizerRecipe): Optimizer {
  const make = OPTIMIZERS[kind].make as (settings: object) => Optimizer
  return make(settings)
}

const NO_WARM_UP: WarmUpRecipe = { length: 0, from: 0, flat: false }

/** Makes the schedule that a recipe describes, for a training of `steps` steps. */
export function scheduleOf({ kind, ...settings }: ScheduleRecipe, steps: number): Schedule {
  const { length, from, flat } = 'warmUp' in settings ? settings.warmUp : NO_WARM_UP
  const begin = Math.round(length * steps)
  const make = SCHEDULES[kind].make as (settings: object, course: Course) => Schedule
  const main = make(settings, { steps, begin })
  return begin === 0 ? main : warmUp(main, { steps: begin, from, flat })
}
