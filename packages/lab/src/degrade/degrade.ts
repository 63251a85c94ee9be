import { type CompileOptions, compileOptions as programOptions } from '@residual/core'
import {
  boolean,
  checkOptions,
  type Declared,
  isObject,
  list,
  type Option,
  type Output,
  object,
  options,
  text,
  value,
  whole,
} from '@residual/core/schema'
import { architecture } from '@residual/resnet'
import type { Lock } from '@residual/resnet/files'
import { makeDirectory } from '@residual/resnet/files'
import {
  DivergenceError,
  lockForTraining,
  type Recipe,
  type RecipeInput,
  recipe as recipeOf,
  TrainingError,
  type TrainingEvent,
  train,
} from '@residual/train'
import { drawShapes, loadBatches, type Preprocessing, type TrainingSource } from '@residual/vision'
import { measureSignals, type Signals } from '../signals.ts'
import { memberOf, type Wiring } from '../wirings.ts'
import { type EpochRecord, RunFolder, type TimedSignals } from './run-folder.ts'

export interface DegradeOptions extends CompileOptions {
  /** Images to learn; default 4,096 drawn shapes, with {@link SHORT_RECIPE}: minutes of computing. */
  readonly data?: TrainingSource
  /** Images to measure the test error on; default, without `data`, 1,000 drawn shapes. */
  readonly test?: TrainingSource
  /** Layers with weights, default 20 and 56. */
  readonly depths?: readonly number[]
  /** Default plain and residual. */
  readonly families?: readonly Wiring[]
  /** Every network is trained once with each seed; default one run with seed 0. Two or more give bands. */
  readonly seeds?: readonly number[]
  /** The recipe of all networks; default {@link LONG_RECIPE}, or {@link SHORT_RECIPE} without `data`. */
  readonly recipe?: string | RecipeInput
  /** Settings that override the recipe's. */
  readonly changes?: RecipeInput
  /** Learn only this many of the images, evenly spread; default all. */
  readonly limit?: number
  /** Directory that gets one directory per training, made if it does not exist; Node only. Default none. */
  readonly out?: string
  /** Continue the trainings in `out`, which must have the same options; finished ones are not repeated. */
  readonly resume?: boolean
  /** Save each training also every this many steps, not only after every epoch. */
  readonly checkpointEvery?: number
  /** Whether workers prepare the batches; default true where there are workers. */
  readonly worker?: boolean
  /** When aborted, the current step is finished and saved, and the events end. */
  readonly signal?: AbortSignal
}

const degradeOptions = options({
  data: object<TrainingSource>('images with labels and classes', 'classes', 'length').optional(),
  test: object<TrainingSource>('images with labels and classes', 'classes', 'length').optional(),
  depths: list(whole(1)).default([20, 56]),
  families: list(text as Option<RunName['family']>).default(['plain', 'residual']),
  seeds: list(whole(0)).default([0]),
  recipe: value<string | RecipeInput>(
    'a name or a recipe',
    given => typeof given === 'string' || isObject(given),
  ).optional(),
  changes: value<RecipeInput>('settings of a recipe', isObject).optional(),
  limit: whole(1).optional(),
  out: text.optional(),
  resume: boolean.default(false),
  checkpointEvery: whole(1).optional(),
  worker: boolean.optional(),
  signal: object<AbortSignal>('an AbortSignal', 'throwIfAborted').optional(),
  ...programOptions.fields,
} satisfies Declared<DegradeOptions>)

/**
 * 384 steps on 4,096 images: enough to tell the networks apart in minutes. Such a short training needs blocks that
 * begin as the identity; otherwise deep residual networks do not start to learn either.
 */
export const SHORT_RECIPE: RecipeInput = {
  epochs: 6,
  batch: 64,
  optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 },
  schedule: { kind: 'constant', rate: 0.1 },
  zeroInitResidual: true,
  augmentation: {},
}

/** The recipe of He et al. 2015 (section 4.2) in 10 epochs, with residual blocks that begin as the identity. */
export const LONG_RECIPE: RecipeInput = {
  epochs: 10,
  batch: 128,
  optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 },
  schedule: { kind: 'step', rate: 0.1 },
  zeroInitResidual: true,
}

const SHORT_IMAGES = { train: 4096, test: 1000 }

/** Identifies a training. */
export interface RunName {
  /** Such as `plain-56`. */
  readonly network: string
  readonly architecture: string
  readonly family: Wiring
  readonly depth: number
  readonly seed: number
}

/** One network's training. */
export interface DegradeRun extends RunName {
  /** Trainable parameters. */
  readonly parameters: number
  readonly epochs: readonly EpochRecord[]
  /** Signals before the first epoch and after some of the epochs. */
  readonly signals: readonly TimedSignals[]
  /** Why the training ended early, if its loss became NaN or infinite. */
  readonly diverged?: string
}

/** The result of {@link degrade}. */
export interface Degradation {
  /** The data that was learned. */
  readonly data: {
    readonly name: string
    readonly images: number
    readonly testImages: number
    readonly classes: number
  }
  readonly recipe: Recipe
  /** The WebAssembly build that ran. */
  readonly build: string
  /** Finished trainings, in order of seed, family and depth. */
  readonly runs: readonly DegradeRun[]
  /** Number of trainings in total. */
  readonly planned: number
}

/** An event of a network's training, or the results so far after each network. */
export type DegradeEvent =
  | { readonly kind: 'training'; readonly run: RunName; readonly event: TrainingEvent }
  | { readonly kind: 'network'; readonly degradation: Degradation }

/**
 * Trains networks of several depths, plain and residual, in the same way on the same images, and records error,
 * gradients and responses: the experiment of He et al. 2015 (figures 1, 6 and 7), who found that deeper plain networks
 * have a higher *training* error and residual ones do not.
 *
 * With `out`, each training has a directory there, which `resume` or {@link train} can continue.
 *
 * @throws TrainingError for options that make no sense and for an `out` that another call is training into;
 *   ArchitectureError for a depth that no network has; and what {@link train} throws, except that a loss that becomes
 *   NaN or infinite ends only that network's training.
 */
export async function* degrade(given: DegradeOptions = {}): AsyncGenerator<DegradeEvent, void, undefined> {
  const options = checkOptions('degrade', given, degradeOptions, TrainingError)
  const { data, test } = sourcesOf(options)
  const runs = plannedRuns(options)
  const base = options.recipe ?? (options.data ? LONG_RECIPE : SHORT_RECIPE)
  const done: DegradeRun[] = []
  const lock = await lockOf(options)
  try {
    for (const run of runs) {
      const row = { ...architecture(run.architecture), classes: data.classes.length }
      const recipe = recipeOf(base, row, options.changes)
      const found = yield* trainOne({ options, data, test, run, recipe })
      if (!found) return
      done.push(found.run)
      const images = Math.min(options.limit ?? data.length, data.length)
      const name = 'name' in data ? String(data.name) : 'images'
      const about = { name, images, testImages: test?.length ?? 0, classes: data.classes.length }
      const degradation = { data: about, recipe, build: found.build, runs: [...done], planned: runs.length }
      yield { kind: 'network', degradation }
    }
  } finally {
    await lock?.release()
  }
}

/** Locks the directory for this call, between trainings too. */
async function lockOf({ out }: DegradeOptions): Promise<Lock | undefined> {
  if (out === undefined) return undefined
  await makeDirectory(out)
  return lockForTraining(out)
}

function sourcesOf({ data, test }: DegradeOptions): { data: TrainingSource; test: TrainingSource | undefined } {
  if (data) return { data, test }
  const drawn = (split: 'train' | 'test') => drawShapes({ split, length: SHORT_IMAGES[split] })
  return { data: drawn('train'), test: test ?? drawn('test') }
}

type Checked = Output<typeof degradeOptions>

/** @throws TrainingError, ArchitectureError */
function plannedRuns({ depths, families, seeds }: Checked): RunName[] {
  for (const [name, list] of Object.entries({ depths, families, seeds })) {
    if (list.length === 0) throw new TrainingError(`got no ${name}, wanted at least one`)
    const twice = (list as readonly unknown[]).find((value, i, all) => all.indexOf(value) < i)
    if (twice !== undefined) throw new TrainingError(`got ${twice} twice among the ${name}; name it once`)
  }
  const sorted = [...depths].sort((a, b) => a - b)
  return seeds.flatMap(seed =>
    families.flatMap(family =>
      sorted.map(depth => {
        const { name } = memberOf(family, depth)
        return { network: `${family}-${depth}`, architecture: name, family, depth, seed }
      }),
    ),
  )
}

interface OneRun {
  readonly options: Checked
  readonly data: TrainingSource
  readonly test: TrainingSource | undefined
  readonly run: RunName
  readonly recipe: Recipe
}

/** Trains one network; returns undefined if it was aborted. */
async function* trainOne({ options, data, test, run, recipe }: OneRun) {
  const { limit, out, resume, checkpointEvery, worker, signal, threads, build, backend } = options
  const compileOptions = { threads, build, backend }
  const folder = await RunFolder.open(out && `${out}/${run.network}-seed${run.seed}`, resume)
  const training = train({
    ...{ arch: run.architecture, seed: run.seed, recipe, data, test, limit, worker, signal, ...compileOptions },
    ...{ out: folder.path, resume: folder.isBegun, checkpointEvery },
  })
  let [parameters, epochs, epoch, used] = [0, 0, 0, '']
  let diverged: string | undefined
  try {
    for await (const event of training) {
      if (event.kind === 'start') {
        ;({ parameters, epochs, build: used } = event)
        epoch = event.step === 0 ? 0 : ((await folder.epochs()).at(-1)?.epoch ?? 0)
      }
      if (event.kind === 'epoch') {
        epoch = event.epoch
        folder.noteEpoch(event)
      }
      const isDue = event.kind !== 'step' && isMeasured(epoch, epochs)
      if (isDue && folder.signals.every(one => one.epoch !== epoch)) {
        const model = await training.model()
        const batch = await imagesOf(data, model.preprocessing, recipe, limit)
        const signals = await measureSignals(model.architecture, model.parameters, batch, compileOptions)
        await folder.noteSignals({ epoch, ...rounded(signals) })
      }
      yield { kind: 'training', run, event } as const
    }
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error
    diverged = error.message
  }
  if (diverged === undefined && epoch < epochs) return undefined
  const { signals } = folder
  return {
    build: used,
    run: { ...run, parameters, epochs: await folder.epochs(), signals, ...(diverged && { diverged }) },
  }
}

/** Epochs after which signals are measured, including the last, in addition to the beginning and the first epoch. */
const MEASURED = 8

function isMeasured(epoch: number, epochs: number): boolean {
  if (epoch <= 1 || epoch === epochs || epochs <= MEASURED) return true
  const due = (at: number) => Math.floor((at * MEASURED) / epochs)
  return due(epoch) > due(epoch - 1)
}

/** Signals are measured on at most this many images. */
const MEASURED_IMAGES = 128

/** The same images for all networks, without augmentation. */
async function imagesOf(data: TrainingSource, preprocessing: Preprocessing, { batch }: Recipe, limit = data.length) {
  const n = Math.min(batch, MEASURED_IMAGES, limit, data.length)
  const indices = Array.from({ length: n }, (_, i) => Math.floor((i * data.length) / n))
  const loaded = loadBatches(data, { ...preprocessing, batch: n, indices, shuffle: false, worker: false })
  for await (const { images, labels } of loaded) return { images, labels, n, side: preprocessing.crop }
  throw new TrainingError('there are no images to measure signals on')
}

/** Rounds to six digits, enough for files. */
function rounded(signals: Signals): Signals {
  return JSON.parse(
    JSON.stringify(signals, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value)),
  )
}
