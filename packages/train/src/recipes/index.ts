export { readRecipeFile } from './file.ts'
export { recipe, recipeNames } from './named.ts'
export { optimizerOf, scheduleOf } from './parts.ts'
export {
  type OptimizerRecipe,
  type Recipe,
  type RecipeInput,
  readRecipe,
  recipeOptions,
  type ScheduleRecipe,
  type WarmUpRecipe,
} from './recipe.ts'
