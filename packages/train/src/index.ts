export { DivergenceError, RecipeError, TrainingError } from './errors.ts'
export type { EpochEvent, StartEvent, StepEvent, TrainingEvent } from './events.ts'
export { lockForTraining } from './folder.ts'
export { INITIALIZATIONS, type Initialization, type InitializeOptions, initialParameters } from './initialize.ts'
export * from './optimizers/index.ts'
export { planTraining, type TrainOptions } from './plan.ts'
export {
  type OptimizerRecipe,
  type Recipe,
  type RecipeInput,
  readRecipeFile,
  recipe,
  recipeNames,
  recipeOptions,
  type ScheduleRecipe,
  type WarmUpRecipe,
} from './recipes/index.ts'
export * from './schedules/index.ts'
export { type Training, train } from './train.ts'
