import { type CompileOptions, compileOptions, type Parameters } from '@residual/core'
import {
  boolean,
  checkOptions,
  type Declared,
  isObject,
  list,
  type Output,
  object,
  options,
  text,
  value,
  whole,
} from '@residual/core/schema'
import type { Model } from '@residual/resnet'
import {
  type Architecture,
  architecture,
  architectureOption,
  CheckpointError,
  defaultPreprocessing,
  haveSameNames,
} from '@residual/resnet'
import type { Preprocessing, TrainingSource } from '@residual/vision'
import type { Checkpoint, TrainingPlan } from './checkpoint.ts'
import { TrainingError } from './errors.ts'
import { initialParameters } from './initialize.ts'
import { type Recipe, type RecipeInput, recipe as recipeOf } from './recipes/index.ts'

/** What to train, how, and where to. */
export interface TrainOptions extends CompileOptions {
  /** Images to learn: a `CifarDataset`, an `ImageFolder`, or arrays. */
  readonly data: TrainingSource
  /** Images of the same classes to measure accuracy on after every epoch; nothing else depends on them. */
  readonly test?: TrainingSource
  /** The architecture or its name, default `resnet20`. */
  readonly arch?: string | Architecture
  /**
   * A trained network to start from, in place of `arch`. Its classifier is kept if its labels are the classes of the
   * data; case, spaces, `_` and `-` make no difference. Otherwise a new one is made, and the start event says so.
   */
  readonly model?: Model
  /**
   * Train only these layers of `model`, such as `['fc']` or `['layer3', 'fc']`; default all. The other layers keep
   * their weights, and their batch norms keep their running statistics.
   */
  readonly only?: readonly string[]
  /** A recipe or its name; default `fast`, or `finetune` with a `model`. */
  readonly recipe?: string | RecipeInput
  /** Settings that replace the recipe's; see {@link recipe}. */
  readonly changes?: RecipeInput
  /** Determines the first weights, the order of the images and everything else that is random; default 0. */
  readonly seed?: number
  /** Side in pixels that images are resized to; default the size of the model, of arrays, or of the architecture. */
  readonly size?: number
  /** Number of images to train on, spread evenly over the data; default all. */
  readonly limit?: number
  /**
   * Directory for checkpoints, log, curves and the model, created if it does not exist; Node only. Only one training at
   * a time can use it. By default nothing is written.
   */
  readonly out?: string
  /**
   * Continue the training in `out`, or the training of a checkpoint given as bytes. The checkpoint holds the options
   * that the training began with; options given again must be the same. Default false.
   */
  readonly resume?: boolean | Uint8Array
  /** Save after every so many steps, in addition to after every epoch. */
  readonly checkpointEvery?: number
  /** Whether a worker prepares the batches; default true where workers are available. */
  readonly worker?: boolean
  /** When it is aborted, the current step is finished and saved, and the events end. */
  readonly signal?: AbortSignal
}

const trainOptions = options({
  data: object<TrainingSource>('images with labels and classes', 'classes', 'length'),
  test: object<TrainingSource>('images with labels and classes', 'classes', 'length').optional(),
  arch: architectureOption.optional(),
  model: object<Model>('a model', 'architecture', 'labels').optional(),
  only: list(text).optional(),
  recipe: value<string | RecipeInput>(
    'a name or a recipe',
    given => typeof given === 'string' || isObject(given),
  ).optional(),
  changes: value<RecipeInput>('settings of a recipe', isObject).optional(),
  // Without a default, because a resumed training takes the seed from its checkpoint.
  seed: whole(0).optional(),
  size: whole(1, 4096, 'pixels').optional(),
  limit: whole(1).optional(),
  out: text.optional(),
  resume: value<boolean | Uint8Array>(
    'true, false or the bytes of a checkpoint',
    given => typeof given === 'boolean' || given instanceof Uint8Array,
  ).default(false),
  checkpointEvery: whole(1).optional(),
  worker: boolean.optional(),
  signal: object<AbortSignal>('an AbortSignal', 'throwIfAborted').optional(),
  ...compileOptions.fields,
} satisfies Declared<TrainOptions>)

/**
 * Checks the options and fills in defaults. @throws TrainingError if an option is unknown or its value is not allowed.
 */
export const checkTrainOptions = (given: TrainOptions): Output<typeof trainOptions> =>
  checkOptions('train', given, trainOptions, TrainingError)

/** The state from which a training begins or continues. */
export interface Beginning {
  readonly plan: TrainingPlan
  readonly architecture: Architecture
  /** Weights and running statistics. */
  readonly weights: Parameters
  readonly checkpoint: Checkpoint | undefined
  /** Whether the classifier of the given model was replaced, because the data has other classes. */
  readonly newClassifier: boolean
}

/**
 * Plans a training from its first step.
 * @throws TrainingError if options do not fit together, and the errors of the recipe and the model.
 */
export async function planTraining(given: TrainOptions): Promise<Beginning> {
  const options = checkTrainOptions(given)
  const { data, test, model, only, seed = 0, arch: stated } = options
  const name = nameOf(stated)
  if (model && name !== undefined && name !== model.architecture.name) {
    throw new TrainingError(`the model is a ${model.architecture.name}, not a ${name}; leave out arch`)
  }
  if (only && !model) throw new TrainingError('only needs a trained model; give one, or train everything')
  const row = model?.architecture ?? (typeof stated === 'object' ? stated : architecture(stated ?? 'resnet20'))
  const arch = { ...row, classes: data.classes.length }
  const recipe = recipeFor(options, arch)
  if (recipe.stochasticDepth > 0 && (arch.shortcut === 'none' || only)) {
    const why = only ? 'trained blocks must stay' : `the blocks of ${arch.name} have no shortcuts`
    throw new TrainingError(`stochasticDepth skips blocks, but ${why}; set it to 0`)
  }
  checkClasses(data, test)
  const plan: TrainingPlan = {
    architecture: arch,
    labels: data.classes,
    preprocessing: preprocessingFor(options, arch),
    recipe,
    seed,
    only,
    images: imagesOf(options),
  }
  const { zeroInitResidual, initialization } = recipe
  const initial = initialParameters(arch, { seed, zeroInitResidual, initialization })
  if (model && only) checkLayers(only, initial, model, data.classes)
  return {
    plan,
    architecture: arch,
    weights: model ? await adapted(model, initial, data.classes) : initial,
    checkpoint: undefined,
    newClassifier: model !== undefined && !hasClasses(model, data.classes),
  }
}

/**
 * Plans the rest of a training from its checkpoint.
 * @throws CheckpointError if the options differ from the checkpoint's.
 */
export function planResumed(options: TrainOptions, checkpoint: Checkpoint, source: string): Beginning {
  const { plan } = checkpoint
  const { data, test, model, recipe, changes, seed, only, arch, size } = options
  const row = { ...plan.architecture, classes: plan.labels.length }
  const asked: [name: string, given: unknown, stored: unknown][] = [
    ['the classes', data.classes, plan.labels],
    ['images', imagesOf(options), plan.images],
    ['arch', nameOf(model?.architecture ?? arch), plan.architecture.name],
    ['seed', seed, plan.seed],
    ['only', only, plan.only ?? 'all layers'],
    ['size', size, plan.preprocessing.crop],
    ...(recipe === undefined && changes === undefined ? [] : differences(recipeFor(options, row), plan.recipe)),
  ]
  for (const [name, given, stored] of asked) {
    if (given === undefined || JSON.stringify(given) === JSON.stringify(stored)) continue
    const shown = (value: unknown) => String(JSON.stringify(value)).slice(0, 60)
    throw new CheckpointError(
      `${source} is of a training with ${name} ${shown(stored)}, not ${shown(given)}; resume it with the same options`,
    )
  }
  checkClasses(data, test)
  return { plan, architecture: row, weights: checkpoint.values, checkpoint, newClassifier: false }
}

const nameOf = (arch: string | Architecture | undefined) => (typeof arch === 'object' ? arch.name : arch)

const recipeFor = ({ recipe, changes, model }: TrainOptions, arch: Architecture): Recipe =>
  recipeOf(recipe ?? (model ? 'finetune' : 'fast'), arch, changes)

function differences(given: Recipe, stored: Recipe): [string, unknown, unknown][] {
  return Object.keys({ ...given, ...stored }).map(key => [
    `recipe ${key}`,
    given[key as keyof Recipe] ?? null,
    stored[key as keyof Recipe] ?? null,
  ])
}

function imagesOf({ data, limit = data.length }: TrainOptions): number {
  return Math.min(limit, data.length)
}

function checkClasses(data: TrainingSource, test: TrainingSource | undefined): void {
  if (data.classes.length < 2) throw new TrainingError(`got ${data.classes.length} classes, wanted at least 2`)
  if (!test || haveSameNames(test.classes, data.classes)) return
  throw new TrainingError('the test images have other classes than the training images; give both the same classes')
}

/** ImageNet's networks see the centre of a larger image. */
const SHORT_SIDE = 256 / 224

function preprocessingFor({ data, model, size }: TrainOptions, { family, inputSize }: Architecture): Preprocessing {
  const usual = model?.preprocessing ?? defaultPreprocessing(family)
  if (size !== undefined) {
    return { ...usual, crop: size, resize: family === 'imagenet' ? Math.floor(size * SHORT_SIDE) : size }
  }
  if (model || 'files' in data) return usual
  if (data.width === data.height) return { ...usual, resize: data.width, crop: data.width }
  throw new TrainingError(
    `the images are ${data.width} x ${data.height}; give size, such as ${inputSize}, to make them square`,
  )
}

/** Whether the classifier of a model has these classes. */
const hasClasses = ({ labels }: Model, classes: readonly string[]): boolean => haveSameNames(labels, classes)

function checkLayers(only: readonly string[], initial: Parameters, model: Model, classes: readonly string[]): void {
  const names = [...initial.keys()]
  const unknown = only.find(layer => !names.some(name => name.startsWith(`${layer}.`)))
  if (only.length === 0 || unknown !== undefined) {
    const what =
      unknown === undefined ? 'only names no layer' : `only names the unknown layer ${JSON.stringify(unknown)}`
    throw new TrainingError(`${what}; ${model.architecture.name} has layer1, layer1.0, layer1.0.conv1, fc and so on`)
  }
  if (only.includes('fc') || hasClasses(model, classes)) return
  throw new TrainingError("the classes differ from the model's, so a new classifier has to be trained; name fc in only")
}

/** The weights of a model, with a new classifier if its labels are not the classes of the data. */
async function adapted(model: Model, initial: Parameters, classes: readonly string[]): Promise<Parameters> {
  const learned = await model.readParameters()
  const isSame = hasClasses(model, classes)
  return new Map(
    Array.from(initial, ([name, values]) => {
      const isNew = name.startsWith('fc.') && !isSame
      return [name, isNew ? values : (learned.get(name) ?? values)]
    }),
  )
}
