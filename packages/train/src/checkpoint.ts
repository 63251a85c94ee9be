import {
  FormatError,
  fromFloat32,
  type Parameters,
  ResidualError,
  readSafetensors,
  toFloat32,
  type Weight,
  writeSafetensors,
} from '@residual/core'
import { checkOptions, list, number, Option, oneOf, options, text, whole } from '@residual/core/schema'
import { type Architecture, architecture, CheckpointError, readArchitecture } from '@residual/resnet'
import { parseJsonObject } from '@residual/resnet/files'
import type { Preprocessing } from '@residual/vision'
import { checksum } from './checksum.ts'
import { type Recipe, readRecipe } from './recipes/index.ts'

/** Totals over the images of the current epoch so far. */
export interface EpochTotals {
  /** Sum of the losses of its steps. */
  readonly loss: number
  /** Images whose class had the largest logit. */
  readonly right: number
  readonly images: number
  /** Number of steps. */
  readonly updates: number
}

/** Everything that defines a training, except its values. */
export interface TrainingPlan {
  readonly architecture: Architecture
  readonly labels: readonly string[]
  readonly preprocessing: Preprocessing
  readonly recipe: Recipe
  readonly seed: number
  /** The layers that are trained; all if absent. */
  readonly only?: readonly string[]
  /** Images in the training data. */
  readonly images: number
}

/**
 * A training between two steps. Everything random follows from the seed and the step, so no generator has any other
 * state.
 */
export interface Checkpoint {
  readonly plan: TrainingPlan
  /** Steps done. */
  readonly step: number
  readonly totals: EpochTotals
  /** Weights, running statistics, the optimiser's state and moving averages. */
  readonly values: Parameters
}

const FORMAT = 'residual-checkpoint-1'

const count = whole(0, Number.MAX_SAFE_INTEGER)
const finite = number(-Number.MAX_VALUE, Number.MAX_VALUE)

/** The row of an architecture; older checkpoints hold only its name. */
const row = new Option<Architecture>(
  (value, { source, path }) =>
    typeof value === 'string' ? architecture(value) : readArchitecture(value, source, path),
  { wanted: 'an architecture' },
)

const described = options({
  plan: options({
    architecture: row,
    labels: list(text),
    preprocessing: options({
      resize: whole(1, 4096),
      crop: whole(1, 4096),
      filter: oneOf('nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'),
      mean: list(finite, 3),
      std: list(finite, 3),
    }),
    recipe: new Option(given => readRecipe(given), { wanted: 'a recipe' }),
    seed: finite,
    only: list(text).optional(),
    images: count,
  }),
  step: count,
  totals: options({ loss: finite, right: count, images: count, updates: count }),
})

/**
 * Writes a checkpoint as one safetensors file, with the weights under torchvision's names. The metadata holds
 * everything else and a checksum of the whole.
 * @param shapes the shapes of all values, by name.
 */
export function writeCheckpoint(
  { values, ...rest }: Checkpoint,
  shapes: ReadonlyMap<string, readonly number[]>,
): Uint8Array {
  const tensors = new Map<string, Weight<Uint8Array>>(
    Array.from(values, ([name, array]) => [name, fromFloat32(array, shapes.get(name) ?? [array.length], 'F32')]),
  )
  const training = JSON.stringify(rest)
  return writeSafetensors(tensors, { metadata: { format: FORMAT, training, checksum: checksum(training, tensors) } })
}

/**
 * Reads what {@link writeCheckpoint} wrote.
 * @param source the name of the checkpoint in errors, such as its path.
 * @throws CheckpointError if the file is of another kind, damaged or cut short.
 */
export function readCheckpoint(bytes: Uint8Array, source = 'checkpoint'): Checkpoint {
  const { tensors, metadata } = unlessDamaged(source, () => readSafetensors(bytes))
  if (metadata.format !== FORMAT) {
    const what = metadata.format?.startsWith('residual-checkpoint')
      ? 'was written by another version'
      : 'is not a checkpoint'
    throw new CheckpointError(`${source} ${what}; give a directory that this version trained into`)
  }
  const { training = '' } = metadata
  if (metadata.checksum !== checksum(training, tensors)) {
    throw new CheckpointError(`${source} is damaged: its checksum does not match its content; start again without it`)
  }
  return unlessDamaged(source, () => {
    const rest = checkOptions('training', parseJsonObject(training, 'training'), described, FormatError)
    const values = new Map(Array.from(tensors, ([name, tensor]) => [name, toFloat32(tensor)]))
    return { ...rest, values }
  })
}

function unlessDamaged<T>(source: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ResidualError)) throw error
    throw new CheckpointError(`${source} is damaged or not a checkpoint (${error.message}); start again without it`)
  }
}
