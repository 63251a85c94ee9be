import {
  boolean,
  byKind,
  type Input,
  list,
  number,
  Option,
  type Output,
  oneOf,
  options,
  whole,
} from '@residual/core/schema'
import type { Architecture } from '@residual/resnet'
import type { Augmentation } from '@residual/vision'
import { RecipeError } from '../errors.ts'
import { INITIALIZATIONS } from '../initialize.ts'
import { OPTIMIZERS } from '../optimizers/index.ts'
import { SCHEDULES } from '../schedules/index.ts'
import type { warmUpOptions } from '../schedules/schedule.ts'

const pair = list(number(0), 2)
const crops = options({
  scale: pair.optional().help('least and greatest area of a random crop, as a part of the image'),
  ratio: pair.optional().help('its least and greatest width, in heights'),
})
/** An object, or true or false for its defaults or none. */
const randomResizedCrop = new Option<Output<typeof crops> | boolean, Input<typeof crops> | boolean>(
  (given, place) => (typeof given === 'boolean' ? given : crops.read(given, place)),
  { wanted: 'true, false, or an object of scale and ratio' },
)

const augmentation = options({
  randomResizedCrop: randomResizedCrop.optional().help('cut out a random part and resize it'),
  padAndCrop: whole(0, 4096).optional().help('pad by so many pixels and cut out the former size anywhere'),
  flip: boolean.optional().help('mirror half of the images'),
  cutout: whole(0, 4096).optional().help('cover a square of so many pixels a side'),
  mixup: number(0).optional().help('blend images; alpha of the beta distribution'),
  cutmix: number(0).optional().help('paste a part of another image; alpha of the beta distribution'),
})

/** More than any training here takes, and few enough to count exactly. */
const MOST = 1_000_000_000

/** All that says how a network is trained, besides the network and the data. */
export const recipeOptions = options({
  epochs: whole(1, MOST).optional().help('length in passes over the data; this or steps'),
  steps: whole(1, MOST).optional().help('length in steps'),
  batch: whole(1, 65_536).default(128).help('images in a batch'),
  accumulate: whole(1, 65_536).default(1).help('batches in a step'),
  optimizer: byKind(OPTIMIZERS).help('how the weights change'),
  schedule: byKind(SCHEDULES).help('how the learning rate goes'),
  clip: number(0).optional().help('largest common length of the gradients'),
  ema: number(0, 1).optional().help('decay of the moving average of the weights'),
  labelSmoothing: number(0, 1).default(0).help('part of the target that all classes share'),
  stochasticDepth: number(0, 1)
    .default(0)
    .help('probability that the last block is left out; it falls in a straight line to that of the first'),
  zeroInitResidual: boolean.default(false).help('blocks start as the identity'),
  initialization: oneOf(...INITIALIZATIONS)
    .default('kaiming')
    .help('how weights are drawn'),
  layerRate: number(0, 1).default(1).help('factor of the rate for each stage further from the classifier'),
  augmentation,
})

/** A recipe with everything filled in. */
export interface Recipe extends Output<typeof recipeOptions> {}

/**
 * A recipe as people write it: what is left out has its default. Where no `kind` says which optimiser or schedule is
 * meant, it is that of the recipe that is changed, or the first of them.
 */
export interface RecipeInput extends Input<typeof recipeOptions> {}

/** An optimiser and its settings. */
export type OptimizerRecipe = Recipe['optimizer']

/** How the learning rate goes; lengths are parts of the whole training, so that they fit any number of epochs. */
export type ScheduleRecipe = Recipe['schedule']

/** What precedes a schedule. */
export interface WarmUpRecipe extends Output<typeof warmUpOptions> {}

/** How images are changed where a recipe does not say it: as for CIFAR, or as for ImageNet. */
export const usualAugmentation = ({ family }: Architecture): Augmentation =>
  family === 'cifar' ? { padAndCrop: 4, flip: true } : { randomResizedCrop: true, flip: true }

/**
 * Checks a recipe and fills in what it leaves out.
 * @param source what errors call it, such as the name of its file.
 * @throws RecipeError for an unknown key, a value out of its range, and if the length is not stated once.
 */
export function readRecipe(value: unknown, source = 'recipe'): Recipe {
  const recipe = recipeOptions.read(value, { source, path: '', error: RecipeError })
  if ((recipe.epochs === undefined) === (recipe.steps === undefined)) {
    const got = recipe.epochs === undefined ? 'neither' : 'both'
    throw new RecipeError(`${source}: got ${got} of epochs and steps, wanted one of them`)
  }
  return recipe
}
