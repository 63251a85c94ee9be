import { VisionError } from '../errors.ts'
import { DEFAULT_MAX_PIXELS, MAX_PIXELS } from '../image.ts'

/** The most seconds that a decode may take by default. */
const DEFAULT_TIMEOUT = 60
const MAX_TIMEOUT = 3600

/** The limits of a decode. */
export interface Limits {
  /** The most pixels of the image. */
  readonly maxPixels: number
  /** The most seconds. */
  readonly timeout: number
}

/**
 * Returns the limits in some options, with defaults filled in.
 * @throws VisionError for invalid limits.
 */
export function limitsOf({ maxPixels = DEFAULT_MAX_PIXELS, timeout = DEFAULT_TIMEOUT }: Partial<Limits>): Limits {
  checkMaxPixels(maxPixels)
  if (!Number.isInteger(timeout) || timeout < 1 || timeout > MAX_TIMEOUT) {
    throw new VisionError(`got timeout ${timeout}, wanted a whole number of seconds from 1 to ${MAX_TIMEOUT}`)
  }
  return { maxPixels, timeout }
}

/** @throws VisionError if `maxPixels` is not a whole number from 1 to {@link MAX_PIXELS}. */
export function checkMaxPixels(maxPixels: number): void {
  if (Number.isInteger(maxPixels) && maxPixels >= 1 && maxPixels <= MAX_PIXELS) return
  throw new VisionError(`got maxPixels ${maxPixels}, wanted a whole number from 1 to ${MAX_PIXELS}`)
}

/** The number of pixels in a row, and the number of rows. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** @throws VisionError if an image has more pixels than allowed. */
export function checkSizeOf({ width, height }: Size, maxPixels: number, name: string): void {
  const pixels = width * height
  if (pixels <= maxPixels) return
  const [most, advice] =
    pixels > MAX_PIXELS
      ? [MAX_PIXELS, 'shrink it first']
      : [maxPixels, 'shrink it first, or raise maxPixels (--max-pixels)']
  throw new VisionError(`${name}: ${width} x ${height} are more than the allowed ${most} pixels; ${advice}`)
}

/** The error for a decode that takes too long. */
export function tooSlow(format: string, timeout: number, name: string): VisionError {
  const what = `decoding this ${format} file takes more than the allowed ${timeout} s`
  return new VisionError(`${name}: ${what}; shrink it first, or raise timeout`)
}
