import { VisionError } from './errors.ts'

/** An image of 8-bit RGB pixels. */
export interface RgbImage {
  /** Number of pixels in a row, at least 1. */
  readonly width: number
  /** Number of rows, at least 1. */
  readonly height: number
  /** `[height, width, 3]`: red, green and blue of each pixel, row by row from the top. */
  readonly data: Uint8Array
}

/**
 * The most pixels that an image may have in this package, whether it is decoded or resized. Above this limit, Pillow
 * refuses a file as a decompression bomb.
 */
export const MAX_PIXELS = 178_956_970

/** The most pixels that `decode` accepts by default: 8192 x 8192. */
export const DEFAULT_MAX_PIXELS = 67_108_864

/** @throws VisionError if the size and the data of an image do not match. */
export function checkImage({ width, height, data }: RgbImage): void {
  checkSize(width, height)
  if (data.length !== width * height * 3) {
    throw new VisionError(
      `image of ${width} x ${height} has ${data.length} bytes, wanted ${width * height * 3}: red, green and blue of each pixel`,
    )
  }
}

/** @throws VisionError for sizes that no image can have. */
export function checkSize(width: number, height: number): void {
  if (!Number.isSafeInteger(width) || !Number.isSafeInteger(height) || width < 1 || height < 1) {
    throw new VisionError(`got an image size of ${width} x ${height}, wanted whole numbers from 1`)
  }
  if (width * height > MAX_PIXELS) {
    throw new VisionError(`an image of ${width} x ${height} has more than the allowed ${MAX_PIXELS} pixels`)
  }
}
