import { decode, readImage } from '../decode/index.ts'
import { checkMaxPixels } from '../decode/limits.ts'
import { VisionError } from '../errors.ts'
import { checkSize, type RgbImage } from '../image.ts'
import { nameOf } from '../source.ts'

/** The fields that all sets of labelled images share. */
export interface LabelledImages {
  /** Number of images. */
  readonly length: number
  /** The names of the classes. */
  readonly classes: readonly string[]
  /** The class of each image, from 0 to `classes.length - 1`. */
  readonly labels: ArrayLike<number>
}

/**
 * Images of one size in memory, such as a `CifarDataset`. A worker reads them in place if they are in a
 * `SharedArrayBuffer`; otherwise it gets a copy.
 */
export interface ImageArray extends LabelledImages {
  /** Number of pixels in a row. */
  readonly width: number
  /** Number of rows. */
  readonly height: number
  /** `[length, height, width, 3]`: 8-bit red, green and blue. */
  readonly images: Uint8Array
}

/** Images of any size in files of any format that `decode` reads; `openImageFolder` makes this from a folder. */
export interface ImageFiles extends LabelledImages {
  /** The path of each image (in browsers a URL, relative to the page), or the file itself. */
  readonly files: readonly (string | Uint8Array | Blob)[]
  /** The most pixels that an image may have, as for `decode`; four images are decoded at a time. */
  readonly maxPixels?: number
}

/** Labelled images for training or evaluation. */
export type TrainingSource = ImageArray | ImageFiles

/** @throws VisionError if the parts of a source do not match. */
export function checkSource(source: TrainingSource): void {
  const { length, classes, labels } = source
  if (!Number.isInteger(length) || length < 1) {
    throw new VisionError(`got a source of ${length} images, wanted at least one`)
  }
  if (labels.length !== length) {
    throw new VisionError(`got ${labels.length} labels for ${length} images, wanted one for each`)
  }
  for (let i = 0; i < length; i++) {
    const label = labels[i]
    if (!Number.isInteger(label) || label < 0 || label >= classes.length) {
      throw new VisionError(`image ${i} has label ${label}, wanted 0 to ${classes.length - 1}, one of the classes`)
    }
  }
  if ('files' in source) {
    if (source.maxPixels !== undefined) checkMaxPixels(source.maxPixels)
    const count = source.files.length
    if (count !== length) throw new VisionError(`got ${count} files for ${length} images, wanted one for each`)
    const odd = source.files.findIndex(file => !isFile(file))
    if (odd >= 0) throw new VisionError(`image ${odd} is not a file; wanted a path, a Uint8Array or a Blob`)
    return
  }
  const { width, height, images } = source
  checkSize(width, height)
  const wanted = length * height * width * 3
  if (images.length !== wanted) {
    throw new VisionError(
      `${length} images of ${width} x ${height} have ${images.length} bytes, wanted ${wanted}: red, green and blue of each pixel`,
    )
  }
}

function isFile(file: unknown): boolean {
  return typeof file === 'string' || file instanceof Uint8Array || file instanceof Blob
}

/**
 * Returns an image of a source, which the caller must not change.
 * @throws VisionError for a file that cannot be read.
 */
export function imageOf(source: TrainingSource, index: number): RgbImage | Promise<RgbImage> {
  if ('files' in source) {
    const file = source.files[index]
    const { maxPixels } = source
    if (typeof file === 'string') return readImage(file, { maxPixels })
    return decode(file, { name: nameOf(file, `image ${index}`), maxPixels })
  }
  const { width, height, images } = source
  const bytes = width * height * 3
  return { width, height, data: images.subarray(index * bytes, (index + 1) * bytes) }
}
