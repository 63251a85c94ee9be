import { centerCrop } from './crop.ts'
import type { Filter } from './filters.ts'
import type { RgbImage } from './image.ts'
import { type Normalization, normalize } from './normalize.ts'
import { resizeShortest } from './resize.ts'

/** The preprocessing that a network expects. */
export interface Preprocessing extends Normalization {
  /** Length of the short side after the resize, in pixels. */
  readonly resize: number
  /** Side of the square that is cut from the middle, in pixels. */
  readonly crop: number
  readonly filter: Filter
}

/**
 * Resizes, crops and normalises an image as input for a network, to exactly the floats of torchvision's
 * `Resize(resize, filter)`, `CenterCrop(crop)`, `ToTensor()` and `Normalize(mean, std)`.
 *
 * @returns `[crop, crop, 3]`: height, width, channels
 * @throws VisionError for invalid sizes, means and deviations.
 */
export function preprocess(image: RgbImage, { resize, crop, filter, mean, std }: Preprocessing): Float32Array {
  const { data } = centerCrop(resizeShortest(image, resize, filter), crop, crop)
  return normalize(data, { mean, std })
}
