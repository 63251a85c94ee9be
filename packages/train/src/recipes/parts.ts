import { adamw, lamb, lars, type Optimizer, sgd } from '../optimizers/index.ts'
import { constantRate, cosineRate, oneCycleRate, type Schedule, stepRate, warmUp } from '../schedules.ts'
import type { OptimizerRecipe, ScheduleRecipe } from './recipe.ts'

/** The optimiser that a recipe names. */
export function optimizerOf(recipe: OptimizerRecipe): Optimizer {
  switch (recipe.kind) {
    case 'sgd':
      return sgd(recipe)
    case 'adamw':
      return adamw(recipe)
    case 'lars':
      return lars(recipe)
    case 'lamb':
      return lamb(recipe)
  }
}

/** The schedule that a recipe describes, for a training of `steps` updates. */
export function scheduleOf(recipe: ScheduleRecipe, steps: number): Schedule {
  const { rate } = recipe
  if (recipe.kind === 'oneCycle') return oneCycleRate(rate, { ...recipe, steps })
  const { length, from, flat } = recipe.warmUp
  const begin = Math.round(length * steps)
  const schedule = () => {
    switch (recipe.kind) {
      case 'constant':
        return constantRate(rate)
      case 'step':
        return stepRate(rate, { ...recipe, milestones: recipe.milestones.map(part => Math.round(part * steps)) })
      case 'cosine':
        return cosineRate(rate, { steps, begin, final: recipe.final })
    }
  }
  return begin === 0 ? schedule() : warmUp(schedule(), { steps: begin, from, flat })
}
