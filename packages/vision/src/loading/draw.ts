import type { RgbImage } from '../image.ts'
import type { Random } from '../random.ts'
import type { AugmentationPlan } from './augmentation.ts'

/** Writes images of one size into a batch: normalises them, and moves, mirrors and covers them at random. */
export class Painter {
  readonly #width: number
  readonly #height: number
  /** `[256, 3]`: the normalised value of each byte in each channel. */
  readonly #values: Float32Array
  readonly #augmentation: AugmentationPlan
  /** A whole black image, normalised. */
  readonly #black: Float32Array

  constructor(width: number, height: number, values: Float32Array, augmentation: AugmentationPlan) {
    this.#width = width
    this.#height = height
    this.#values = values
    this.#augmentation = augmentation
    this.#black = Float32Array.from({ length: width * height * 3 }, (_, i) => values[i % 3])
  }

  /** Writes an image to `images`, starting at index `at`. */
  draw({ data }: RgbImage, random: Random, images: Float32Array, at: number): void {
    const { padAndCrop, flip, cutout } = this.#augmentation
    const [left, top] = padAndCrop > 0 ? [shift(padAndCrop, random), shift(padAndCrop, random)] : [0, 0]
    if (left !== 0 || top !== 0) images.set(this.#black, at)
    if (flip && random.below(2) === 1) this.#copyMirrored(data, left, top, images, at)
    else this.#copy(data, left, top, images, at)
    if (cutout > 0) this.#cover(cutout, random, images, at)
  }

  /** The window that starts at `left` and `top` of the image, cut off at the image's edges. */
  #copy(data: Uint8Array, left: number, top: number, images: Float32Array, at: number): void {
    const [width, height, values] = [this.#width, this.#height, this.#values]
    const first = Math.max(0, -left)
    const end = Math.min(width, width - left)
    for (let y = Math.max(0, -top); y < height && y + top < height; y++) {
      let from = ((y + top) * width + first + left) * 3
      let to = at + (y * width + first) * 3
      for (let x = first; x < end; x++, from += 3, to += 3) {
        images[to] = values[data[from] * 3]
        images[to + 1] = values[data[from + 1] * 3 + 1]
        images[to + 2] = values[data[from + 2] * 3 + 2]
      }
    }
  }

  /** The same window, then mirrored. */
  #copyMirrored(data: Uint8Array, left: number, top: number, images: Float32Array, at: number): void {
    const [width, height, values] = [this.#width, this.#height, this.#values]
    const first = Math.max(0, -left)
    const end = Math.min(width, width - left)
    for (let y = Math.max(0, -top); y < height && y + top < height; y++) {
      let from = ((y + top) * width + first + left) * 3
      let to = at + (y * width + width - 1 - first) * 3
      for (let x = first; x < end; x++, from += 3, to -= 3) {
        images[to] = values[data[from] * 3]
        images[to + 1] = values[data[from + 1] * 3 + 1]
        images[to + 2] = values[data[from + 2] * 3 + 2]
      }
    }
  }

  /** Sets a square to 0, which is the mean colour. */
  #cover(side: number, random: Random, images: Float32Array, at: number): void {
    const [width, height] = [this.#width, this.#height]
    const left = random.below(width) - (side >> 1)
    const top = random.below(height) - (side >> 1)
    const [first, end] = [Math.max(0, left), Math.min(width, left + side)]
    for (let y = Math.max(0, top); y < Math.min(height, top + side); y++) {
      images.fill(0, at + (y * width + first) * 3, at + (y * width + end) * 3)
    }
  }
}

/** How far a window moves: to one of `2 * padding + 1` positions. */
function shift(padding: number, random: Random): number {
  return random.below(2 * padding + 1) - padding
}
