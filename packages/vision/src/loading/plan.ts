import { VisionError } from '../errors.ts'
import { checkFilter, type Filter } from '../filters.ts'
import { checkSize } from '../image.ts'
import { type Normalization, normalizedValues } from '../normalize.ts'
import { checkKeys, type Keys } from '../options.ts'
import { type Augmentation, type AugmentationPlan, planAugmentation } from './augmentation.ts'
import type { Fit } from './fit.ts'
import { checkSource, type TrainingSource } from './source.ts'

/** Options that decide which images form a batch, and in which order. */
export interface BatchOptions {
  /** Number of images in a batch. */
  readonly batch: number
  /**
   * Whether the seed gives every epoch a different order; default true. Otherwise images keep the order of the source.
   */
  readonly shuffle?: boolean
  /**
   * Whether to omit the images at the end of an epoch that do not fill a batch. The default is that of `shuffle`,
   * because a shuffle includes these images in other epochs. Otherwise the last batch of an epoch is smaller.
   */
  readonly dropLast?: boolean
  /** Indices of the images to use; default all. One pass over them is an epoch. */
  readonly indices?: ArrayLike<number>
}

export const ORDER_KEYS: Keys<BatchOptions> = { batch: true, shuffle: true, dropLast: true, indices: true }

/** Options of {@link loadBatches}; the `preprocessing` of a model may be spread into them. */
export interface LoadOptions extends BatchOptions, Normalization {
  /** Determines everything random; a whole number of at least 0, default 0. */
  readonly seed?: number
  /** The first step, default 0. Steps count batches through all epochs; a start at any step is equally fast. */
  readonly from?: number
  /** The step to stop before; default the end of the epoch of `from`. It may be Infinity. */
  readonly to?: number
  /**
   * Turns images into squares with this many pixels per side, by resizing them and cutting out the middle. Required for
   * files, whose sizes differ; by default other images stay as they are.
   */
  readonly crop?: number
  /** Length of the short side before the middle is cut out, in pixels; default `crop`. */
  readonly resize?: number
  /** The filter for resizing; default 'bilinear'. */
  readonly filter?: Filter
  /** Random changes; default none. */
  readonly augment?: Augmentation
  /**
   * Whether a worker makes the batches, which leaves the caller's thread free; default true if workers are available.
   */
  readonly worker?: boolean
  /** How many batches the worker prepares while another is used; default 2. */
  readonly ahead?: number
}

/** Options with their defaults filled in: everything that determines the content of a batch. */
export interface Plan extends Normalization {
  readonly batch: number
  readonly seed: number
  readonly shuffle: boolean
  readonly dropLast: boolean
  readonly indices: Int32Array
  /** Width and height of the images in a batch. */
  readonly width: number
  readonly height: number
  /** How images get that size; undefined if they have it already. */
  readonly fit: Fit | undefined
  readonly augmentation: AugmentationPlan
}

/** A larger batch is a mistake. */
const MAX_BATCH_BYTES = 2 ** 31

/**
 * Checks a source and options, and fills in the defaults.
 * @throws VisionError for a source whose parts do not match, and for invalid options.
 */
export function planOf(source: TrainingSource, options: LoadOptions): Plan {
  checkSource(source)
  const { mean, std, seed = 0 } = options
  normalizedValues({ mean, std })
  whole('seed', seed, 0)
  const augmentation = planAugmentation(options.augment ?? {})
  const fit = fitOf(source, options, augmentation)
  const [width, height] = 'files' in source || fit ? [fit!.crop, fit!.crop] : [source.width, source.height]
  const bytes = options.batch * width * height * 3 * Float32Array.BYTES_PER_ELEMENT
  if (bytes > MAX_BATCH_BYTES) {
    const images = `${options.batch} images of ${width} x ${height}`
    throw new VisionError(`a batch of ${images} takes ${bytes} bytes, wanted at most ${MAX_BATCH_BYTES}`)
  }
  return { ...orderOf(source, options), mean, std, seed, width, height, fit, augmentation }
}

/**
 * The number of batches that {@link loadBatches} makes in an epoch.
 * @throws VisionError for invalid options.
 */
export function stepsPerEpoch(source: Pick<TrainingSource, 'length'>, options: BatchOptions): number {
  checkKeys('stepsPerEpoch', options, ORDER_KEYS)
  return stepsOf(orderOf(source, options))
}

export function stepsOf({ indices, batch, dropLast }: Pick<Plan, 'indices' | 'batch' | 'dropLast'>): number {
  return dropLast ? Math.floor(indices.length / batch) : Math.ceil(indices.length / batch)
}

function orderOf(
  { length }: Pick<TrainingSource, 'length'>,
  { batch, shuffle = true, dropLast = shuffle, indices }: BatchOptions,
) {
  whole('batch', batch, 1)
  const taken = indices ? Int32Array.from(indices) : Int32Array.from({ length }, (_, i) => i)
  if (taken.length === 0) throw new VisionError('got no indices, wanted at least one')
  for (const [i, index] of taken.entries()) {
    // Compared with the given value, since the array keeps whole numbers only.
    const given = indices ? indices[i] : index
    if (given === index && index >= 0 && index < length) continue
    throw new VisionError(`got ${given} among the indices, wanted whole numbers from 0 to ${length - 1}`)
  }
  if (dropLast && batch > taken.length) {
    throw new VisionError(
      `${taken.length} images do not fill a batch of ${batch}; give a smaller batch, or dropLast false`,
    )
  }
  return { batch, shuffle, dropLast, indices: taken }
}

function fitOf(
  source: TrainingSource,
  { crop, resize, filter = 'bilinear' }: LoadOptions,
  { randomResizedCrop }: AugmentationPlan,
): Fit | undefined {
  if (crop !== undefined) {
    checkFilter(filter)
    checkSize(crop, crop)
    checkSize(resize ?? crop, resize ?? crop)
    return { crop, resize: resize ?? crop, filter }
  }
  const why = randomResizedCrop ? 'randomResizedCrop makes' : resize !== undefined ? 'resize makes' : 'files hold'
  if (!randomResizedCrop && resize === undefined && !('files' in source)) return undefined
  throw new VisionError(`${why} images of many sizes; give crop, the number of pixels of a side for all of them`)
}

/** @throws VisionError for an option that is not a whole number of at least `least`. */
export function whole(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new VisionError(`got ${name} ${value}, wanted a whole number from ${least}`)
  }
}
