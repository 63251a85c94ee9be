import { VisionError } from '../errors.ts'
import { oneLine } from '../source.ts'

/** Draws a picture of vectors as a PNG file, by sharp. */
export async function rasterize(svg: string, scale: number): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp').catch(error => {
    throw new VisionError('cannot load the package sharp, which writes PNG files; install it again with npm i sharp', {
      cause: error,
    })
  })
  // Pixels of SVG are 72 to the inch.
  const image = sharp(new TextEncoder().encode(svg), { density: 72 * scale })
  const png = await image
    .png({ compressionLevel: 9, palette: true })
    .toBuffer()
    .catch(error => {
      throw new VisionError(`cannot draw the SVG (${oneLine(error.message)}); is it well-formed?`, { cause: error })
    })
  return new Uint8Array(png.buffer, png.byteOffset, png.length)
}
