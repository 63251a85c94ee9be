import { type Option, oneOf, text, whole } from '@residual/core/schema'
import type { RecipeInput } from '@residual/train'
import { SCHEDULES, settings } from '@residual/train/settings'
import { CommandError } from '../errors.ts'
import { flag, kebabCase, option, type Values } from '../option.ts'

/** The schedules by their names on the command line: `one-cycle` for `oneCycle`. */
const schedules = new Map(Object.keys(SCHEDULES).map(kind => [kebabCase(kind), kind as keyof typeof SCHEDULES]))

/** A setting that a command may change. */
const changed = <Out, In>(setting: Option<Out, In>) =>
  setting.optional().help(`${setting.facts.help}, instead of the recipe's`)

/** `--recipe`, with the names that fit a command. */
export const recipeOption = (names: string, byDefault: string) =>
  option('name', text.optional().help(`how to train: ${names}, or a JSON file (default: ${byDefault})`))

/** Settings of the recipe that every training command can change. */
export const recipeOptions = {
  epochs: option('n', changed(settings.epochs)),
  batch: option('n', changed(settings.batch)),
  lr: option('rate', changed(settings.rate)),
}

/** More settings, which only some of these commands can change. */
export const moreRecipeOptions = {
  schedule: option(
    'name',
    oneOf(...schedules.keys())
      .optional()
      .help("schedule of the learning rate, instead of the recipe's"),
  ),
  weightDecay: option('x', changed(settings.weightDecay)),
}

export const checkpointEveryOption = option(
  'n',
  whole(1, 1_000_000_000).optional().help('also save after every n steps'),
)

export const resumeOption = (what: string) => flag(`continue ${what} in --out`)

type Changes = Values<typeof recipeOptions> & Partial<Values<typeof moreRecipeOptions>>

/** The settings of the recipe that options change; undefined if they change none. */
export function recipeChanges({ epochs, batch, lr, schedule, weightDecay }: Changes): RecipeInput | undefined {
  const kind = schedule && schedules.get(schedule)
  const changes: RecipeInput = {
    ...(epochs !== undefined && { epochs }),
    ...(batch !== undefined && { batch }),
    ...((lr !== undefined || kind) && { schedule: { ...(kind && { kind }), ...(lr !== undefined && { rate: lr }) } }),
    ...(weightDecay !== undefined && { optimizer: { weightDecay } }),
  }
  return Object.keys(changes).length > 0 ? changes : undefined
}

/** The recipe that `--recipe` names: one of the library's, or the content of a JSON file. */
export async function namedRecipe(recipe: string | undefined): Promise<string | RecipeInput | undefined> {
  if (!recipe?.endsWith('.json')) return recipe
  const { readRecipeFile } = await import('@residual/train')
  return readRecipeFile(recipe)
}

/** Adds the name of the file to an error in a recipe that was read from one. */
export async function namingRecipe<T>(recipe: string | undefined, run: () => Promise<T>): Promise<T> {
  const { RecipeError } = await import('@residual/train')
  return run().catch(error => {
    if (!(error instanceof RecipeError) || !recipe?.endsWith('.json')) throw error
    throw new CommandError(error.message.replace(/^recipe:/, `${recipe}:`))
  })
}
