import { FormatError } from '@residual/core'
import { parseJsonObject, readFileIfThere } from '@residual/resnet/files'
import { RecipeError } from '../errors.ts'
import type { RecipeInput } from './recipe.ts'

/**
 * Reads a recipe from a JSON file, for `recipe` of {@link train}, which checks the content.
 * @throws RecipeError if the file does not exist or holds no JSON object, ModelError if it cannot be read.
 */
export async function readRecipeFile(path: string): Promise<RecipeInput> {
  const bytes = await readFileIfThere(path, 'recipe')
  if (!bytes) throw new RecipeError(`there is no recipe at ${JSON.stringify(path)}`)
  try {
    return parseJsonObject(bytes, path)
  } catch (error) {
    throw error instanceof FormatError ? new RecipeError(error.message) : error
  }
}
