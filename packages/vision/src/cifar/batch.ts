import { VisionError } from '../errors.ts'
import { type Normalization, normalize } from '../normalize.ts'
import { IMAGE_BYTES } from './kinds.ts'
import type { CifarDataset } from './records.ts'

/** Images as the input of a network, and their classes. */
export interface Batch {
  /** `[to - from, 32, 32, 3]`, normalised. */
  readonly images: Float32Array
  /** A view into the labels of the data set. */
  readonly labels: Uint8Array
}

/**
 * Returns the images `from` (included) to `to` (excluded) of a data set, normalised for a network.
 * @throws VisionError for a range outside the data set, or an invalid normalisation.
 */
export function batchOf(dataset: CifarDataset, from: number, to: number, normalization: Normalization): Batch {
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to < from || to > dataset.length) {
    throw new VisionError(`got images ${from} to ${to}, wanted a range within 0 to ${dataset.length}`)
  }
  const bytes = dataset.images.subarray(from * IMAGE_BYTES, to * IMAGE_BYTES)
  return { images: normalize(bytes, normalization), labels: dataset.labels.subarray(from, to) }
}
