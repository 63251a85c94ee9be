import { checkImage, checkSize, type RgbImage } from './image.ts'

/**
 * Cuts `width` x `height` pixels from the middle, as torchvision's `CenterCrop` does. If an odd number of pixels is cut
 * off, the offset is rounded to even. If the image is smaller, it is padded with black, with the odd pixel at the right
 * or bottom.
 *
 * @throws VisionError for sizes that are not whole numbers of at least 1, or for more pixels than allowed.
 */
export function centerCrop(image: RgbImage, width: number, height: number): RgbImage {
  checkImage(image)
  checkSize(width, height)
  const left = cropOffset(image.width, width)
  const top = cropOffset(image.height, height)
  return cut(image, { left, top, width, height })
}

/** A rectangle of pixels; it may reach beyond the image. */
export interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** The pixels of a box; black outside the image. */
export function cut(image: RgbImage, { left, top, width, height }: Box): RgbImage {
  const data = new Uint8Array(width * height * 3)
  const first = Math.max(0, left)
  const copied = Math.min(left + width, image.width) - first
  for (let y = Math.max(0, -top); y < height && y + top < image.height; y++) {
    const from = ((y + top) * image.width + first) * 3
    data.set(image.data.subarray(from, from + copied * 3), (y * width + first - left) * 3)
  }
  return { width, height, data }
}

/** Where a crop starts along one side; negative if it is longer than the side. */
function cropOffset(side: number, crop: number): number {
  if (crop > side) return -Math.floor((crop - side) / 2)
  return roundHalfToEven((side - crop) / 2)
}

/** Rounds a number that is not negative as Python's `round` does. */
export function roundHalfToEven(x: number): number {
  return x % 2 === 0.5 ? x - 0.5 : Math.round(x)
}
