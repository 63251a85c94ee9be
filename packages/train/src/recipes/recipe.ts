import { boolean, byKind, type Input, list, number, Option, type Output, options, whole } from '@residual/core/schema'
import type { Architecture } from '@residual/resnet'
import type { Augmentation } from '@residual/vision'
import { RecipeError } from '../errors.ts'
import { initializing } from '../initialize.ts'
import { OPTIMIZERS } from '../optimizers/index.ts'
import { SCHEDULES } from '../schedules/index.ts'
import type { warmUpOptions } from '../schedules/schedule.ts'
import { MOST, settings } from '../settings.ts'

const pair = list(number(0), 2)
const crops = options({
  scale: pair.optional().help('least and greatest area of a random crop, as a fraction of the image'),
  ratio: pair.optional().help('least and greatest width of a random crop, divided by its height'),
})
/** An object, true for its defaults, or false for no random crop. */
const randomResizedCrop = new Option<Output<typeof crops> | boolean, Input<typeof crops> | boolean>(
  (given, place) => (typeof given === 'boolean' ? given : crops.read(given, place)),
  { wanted: 'true, false, or an object of scale and ratio' },
)

const augmentation = options({
  randomResizedCrop: randomResizedCrop.optional().help('cut out a random part and resize it'),
  padAndCrop: whole(0, 4096).optional().help('pad by this many pixels and cut out the original size at random'),
  flip: boolean.optional().help('mirror half of the images'),
  cutout: whole(0, 4096).optional().help('cover a square with sides of this many pixels'),
  mixup: number(0).optional().help('blend images; alpha of the beta distribution'),
  cutmix: number(0).optional().help('paste a part of another image; alpha of the beta distribution'),
})

/** The options of recipes: everything that says how a network is trained, except the network and the data. */
export const recipeOptions = options({
  epochs: settings.epochs.optional().help('length in passes over the data; give this or steps'),
  steps: whole(1, MOST).optional().help('length in steps'),
  batch: settings.batch.default(128),
  accumulate: whole(1, 65_536).default(1).help('batches in a step'),
  optimizer: byKind(OPTIMIZERS).help('how the weights change'),
  schedule: byKind(SCHEDULES).help('how the learning rate changes'),
  clip: number(0).optional().help('largest Euclidean length of all gradients together'),
  ema: number(0, 1).optional().help('decay of the moving average of the weights'),
  labelSmoothing: number(0, 1).default(0).help('fraction of the target that all classes share'),
  stochasticDepth: number(0, 1)
    .default(0)
    .help('probability that the last block is skipped; earlier blocks have linearly smaller ones'),
  ...initializing,
  layerRate: number(0, 1).default(1).help('factor of the rate for each stage further from the classifier'),
  augmentation,
})

/** A complete recipe, defaults included. */
export interface Recipe extends Output<typeof recipeOptions> {}

/**
 * A recipe as people write it. Missing keys have their defaults. Without a `kind`, the optimiser or schedule is the one
 * of the recipe that is changed, or else the first in the table.
 */
export interface RecipeInput extends Input<typeof recipeOptions> {}

/** An optimiser and its settings. */
export type OptimizerRecipe = Recipe['optimizer']

/**
 * How the learning rate changes. Lengths are fractions of the whole training, so that they fit any number of epochs.
 */
export type ScheduleRecipe = Recipe['schedule']

/** The warm-up before a schedule. */
export interface WarmUpRecipe extends Output<typeof warmUpOptions> {}

/** The augmentation of a recipe that states none: as usual for CIFAR or for ImageNet. */
export const usualAugmentation = ({ family }: Architecture): Augmentation =>
  family === 'cifar' ? { padAndCrop: 4, flip: true } : { randomResizedCrop: true, flip: true }

/**
 * Checks a recipe and fills in the defaults.
 * @param source the name of the recipe in errors, such as its file.
 * @throws RecipeError if a key is unknown, if a value is out of range, or if not exactly one of `epochs` and `steps` is
 *   given.
 */
export function readRecipe(value: unknown, source = 'recipe'): Recipe {
  const recipe = recipeOptions.read(value, { source, path: '', error: RecipeError })
  if ((recipe.epochs === undefined) === (recipe.steps === undefined)) {
    const got = recipe.epochs === undefined ? 'neither' : 'both'
    throw new RecipeError(`${source}: got ${got} of epochs and steps, wanted one of them`)
  }
  return recipe
}
