import { encodePixels, rasterize } from '#encode'
import { VisionError } from '../errors.ts'
import { checkImage, type RgbImage } from '../image.ts'

/**
 * Writes an image as a PNG file of 8-bit RGB, which has every pixel as it is.
 * @returns the bytes of the file.
 * @throws VisionError where the sizes and the data of the image do not fit together.
 */
export async function encodePng(image: RgbImage): Promise<Uint8Array> {
  checkImage(image)
  return encodePixels(image)
}

/**
 * Draws an SVG as a PNG file. Its text is in the fonts that the machine has: where there are none it is left out.
 * @param scale pixels for each of the SVG's, 0.1 to 10, default 1.
 * @throws VisionError for what is not an SVG, and for another scale.
 */
export async function svgToPng(svg: string, { scale = 1 }: { readonly scale?: number } = {}): Promise<Uint8Array> {
  if (!(scale >= 0.1 && scale <= 10)) throw new VisionError(`got the scale ${scale}, wanted 0.1 to 10`)
  return rasterize(svg, scale)
}
