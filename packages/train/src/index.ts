export { DivergenceError, RecipeError, TrainingError } from './errors.ts'
export type { EpochEvent, StartEvent, StepEvent, TrainingEvent } from './events.ts'
export { lockForTraining } from './folder.ts'
export { INITIALIZATIONS, type Initialization, type InitializeOptions, initialParameters } from './initialize.ts'
export { accumulated, clipped } from './optimizers/gradients.ts'
export {
  type AdamOptions,
  adamw,
  type LarsOptions,
  lamb,
  lars,
  type Optimization,
  type Optimizer,
  type OptimizerInputs,
  type SgdOptions,
  sgd,
} from './optimizers/index.ts'
export { planTraining, type TrainOptions } from './plan.ts'
export {
  type OptimizerRecipe,
  type Recipe,
  type RecipeInput,
  readRecipeFile,
  recipe,
  recipeNames,
  type ScheduleRecipe,
  type WarmUpRecipe,
} from './recipes/index.ts'
export {
  constantRate,
  cosineRate,
  type OneCycleOptions,
  oneCycleRate,
  type Schedule,
  stepRate,
  warmUp,
} from './schedules.ts'
export { type Training, train } from './train.ts'
