import { encodePixels, rasterize } from '#encode'
import { VisionError } from '../errors.ts'
import { checkImage, type RgbImage } from '../image.ts'

/**
 * Encodes an image as a PNG file of 8-bit RGB, without loss.
 * @returns the bytes of the file
 * @throws VisionError if the size and the data of the image do not match.
 */
export async function encodePng(image: RgbImage): Promise<Uint8Array> {
  checkImage(image)
  return encodePixels(image)
}

/**
 * Draws an SVG as a PNG file. Text uses the machine's fonts; a machine without fonts omits it.
 * @param scale pixels per pixel of the SVG, from 0.1 to 10; default 1
 * @returns the bytes of the file
 * @throws VisionError if it is not an SVG, and for a scale out of this range.
 */
export async function svgToPng(svg: string, { scale = 1 }: { readonly scale?: number } = {}): Promise<Uint8Array> {
  if (!(scale >= 0.1 && scale <= 10)) throw new VisionError(`got the scale ${scale}, wanted 0.1 to 10`)
  return rasterize(svg, scale)
}
