import { centerCrop } from './crop.ts'
import type { Filter } from './filters.ts'
import type { RgbImage } from './image.ts'
import { type Normalization, normalize } from './normalize.ts'
import { resizeShortest } from './resize.ts'

/** How a network wants its images. */
export interface Preprocessing extends Normalization {
  /** Pixels of the short side after the resize. */
  readonly resize: number
  /** Pixels of each side of the square that is cut from the middle. */
  readonly crop: number
  readonly filter: Filter
}

/**
 * Makes a network's input from an image: resized, cropped and normalised to exactly the floats of torchvision's
 * `Resize(resize, filter)`, `CenterCrop(crop)`, `ToTensor()` and `Normalize(mean, std)`.
 *
 * @returns `[crop, crop, 3]`, height, width, channels.
 * @throws VisionError for sizes, means and deviations that make no sense.
 */
export function preprocess(image: RgbImage, { resize, crop, filter, mean, std }: Preprocessing): Float32Array {
  const { data } = centerCrop(resizeShortest(image, resize, filter), crop, crop)
  return normalize(data, { mean, std })
}
