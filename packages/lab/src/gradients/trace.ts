import { type CompileOptions, type Parameters, compileOptions as programOptions } from '@residual/core'
import {
  boolean,
  callback,
  checkOptions,
  type Declared,
  list,
  number,
  object,
  oneOf,
  options,
  text,
  whole,
} from '@residual/core/schema'
import { architecture, type Model } from '@residual/resnet'
import {
  DivergenceError,
  INITIALIZATIONS,
  type Initialization,
  planTraining,
  type RecipeInput,
  TrainingError,
  train,
} from '@residual/train'
import { loadBatches, type Preprocessing, type TrainingSource } from '@residual/vision'
import { measureSignals, type SignalBatch, type Signals } from '../signals.ts'

export interface TraceOptions extends CompileOptions {
  /** Names of the networks; default plain20, plain56, resnet20 and resnet56. */
  readonly architectures?: readonly string[]
  /** How their weights are drawn, default kaiming. */
  readonly initialization?: Initialization
  /** Steps to train each network for; default 0: it is measured before training. */
  readonly steps?: number
  /** Number of images to measure on, and to train with in each step; default 64. */
  readonly batch?: number
  /** Learning rate, default 0.1, of SGD with momentum 0.9 and weight decay 1e-4. */
  readonly rate?: number
  /** Decides the weights and the images; default 0. */
  readonly seed?: number
  /** Whether a worker prepares the batches; default true where there are workers. */
  readonly worker?: boolean
  /** Called with the number of images that have gone through the networks, and the total. */
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

const traceOptions = options({
  architectures: list(text).default(['plain20', 'plain56', 'resnet20', 'resnet56']),
  initialization: oneOf(...INITIALIZATIONS).default('kaiming'),
  steps: whole(0).default(0),
  batch: whole(1).default(64),
  rate: number(0).default(0.1),
  seed: whole(0).default(0),
  worker: boolean.optional(),
  onProgress: callback<NonNullable<TraceOptions['onProgress']>>().optional(),
  signal: object<AbortSignal>('an AbortSignal', 'throwIfAborted').optional(),
  ...programOptions.fields,
} satisfies Declared<TraceOptions>)

/** The result of {@link traceGradients}. */
export interface GradientTrace {
  /** Name of the data; `images` if it has none. */
  readonly data: string
  /** Number of images measured on; they are the same each time and for every network. */
  readonly images: number
  readonly initialization: Initialization
  /** Steps that each network was trained for. */
  readonly steps: number
  readonly rate: number
  readonly seed: number
  readonly networks: readonly TracedNetwork[]
}

/** The measurements of one network. */
export interface TracedNetwork {
  readonly architecture: string
  /** The first before training, the others after some of the steps. */
  readonly measured: readonly Measurement[]
  /** Why its training ended early, if the loss became NaN or infinite. */
  readonly diverged?: string
}

export interface Measurement extends Signals {
  /** Steps done. */
  readonly step: number
}

/** Measurements of each network, at most, in addition to the one before the first step. */
const MEASUREMENTS = 10

/**
 * Measures the signals in networks before training and, with `steps`, during it: how large the gradient is in each
 * layer, and when. Measurements are spaced geometrically, since most changes happen early.
 *
 * @throws ArchitectureError for an unknown name; TrainingError and VisionError for options and images that
 *   do not fit; MemoryError (of @residual/kernels-wasm) for a batch that is too large; the signal's reason once it is
 *   aborted. A loss that is not finite ends the training of that network alone.
 */
export async function traceGradients(data: TrainingSource, given: TraceOptions = {}): Promise<GradientTrace> {
  const options = checkOptions('traceGradients', given, traceOptions, TrainingError)
  const { architectures, initialization, steps, batch, rate, seed, onProgress } = options
  if (architectures.length === 0) throw new TrainingError('got no architectures, wanted at least one')
  for (const name of architectures) architecture(name)
  const images = Math.min(batch, data.length)
  const places = placesUntil(steps)
  const each = (steps + 1 + places.length) * images
  const networks: TracedNetwork[] = []
  for (const [i, name] of architectures.entries()) {
    const tell = (done: number) => onProgress?.(i * each + done, architectures.length * each)
    networks.push(await traceOne(data, name, { ...options, initialization, rate, seed, steps, images, places, tell }))
    tell(each)
  }
  const name = 'name' in data ? String(data.name) : 'images'
  return { data: name, images, initialization, steps, rate, seed, networks }
}

/** At most {@link MEASUREMENTS} whole numbers from 1 to `steps`. */
function placesUntil(steps: number): number[] {
  if (steps === 0) return []
  const places = Array.from({ length: MEASUREMENTS }, (_, i) => Math.round(steps ** (i / (MEASUREMENTS - 1))))
  return [...new Set(places)]
}

interface OneOptions extends TraceOptions {
  readonly initialization: Initialization
  readonly rate: number
  readonly seed: number
  readonly steps: number
  readonly images: number
  readonly places: readonly number[]
  readonly tell: (done: number) => void
}

async function traceOne(data: TrainingSource, name: string, options: OneOptions): Promise<TracedNetwork> {
  const { initialization, rate, seed, steps, images, places, tell, worker, signal, threads, build, backend } = options
  signal?.throwIfAborted()
  const recipe: RecipeInput = {
    steps: Math.max(1, steps),
    batch: images,
    optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 },
    schedule: { kind: 'constant', rate },
    initialization,
  }
  const compileOptions = { threads, build, backend }
  const training = { data, arch: name, recipe, seed, worker, signal, ...compileOptions }
  const { plan, architecture: arch, weights } = await planTraining(training)
  const batch = await imagesOf(data, plan.preprocessing, { images, seed, worker })
  const measure = async (step: number, parameters: Parameters | Model['parameters']) => ({
    step,
    ...(await measureSignals(arch, parameters, batch, compileOptions)),
  })
  const measured = [await measure(0, weights)]
  if (steps === 0) return { architecture: arch.name, measured }
  const trained = train(training)
  try {
    for await (const event of trained) {
      if (event.kind !== 'step') continue
      tell((event.step + measured.length) * images)
      if (!places.includes(event.step)) continue
      const model = await trained.model()
      const measurement = await measure(event.step, model.parameters)
      if (!Number.isFinite(measurement.loss)) {
        const diverged = `the loss is ${measurement.loss} after step ${event.step}`
        return { architecture: arch.name, measured, diverged }
      }
      measured.push(measurement)
    }
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error
    return { architecture: arch.name, measured, diverged: error.message }
  }
  signal?.throwIfAborted()
  return { architecture: arch.name, measured }
}

/** Some images, without augmentation. */
async function imagesOf(
  data: TrainingSource,
  preprocessing: Preprocessing,
  { images: n, seed, worker }: { images: number; seed: number; worker?: boolean },
): Promise<SignalBatch> {
  // One batch is not worth a worker, except for files, which take long to decode.
  const options = { ...preprocessing, batch: n, seed, to: 1, worker: worker !== false && 'files' in data }
  for await (const { images, labels } of loadBatches(data, options)) {
    return { images, labels, n, side: preprocessing.crop }
  }
  throw new TrainingError('there are no images to measure on')
}
