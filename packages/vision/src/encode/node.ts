import { VisionError } from '../errors.ts'
import type { RgbImage } from '../image.ts'
import { loadSharp, withSvg } from '../sharp.ts'
import { oneLine } from '../source.ts'

/** Encodes pixels as a PNG file with sharp. */
export async function encodePixels({ width, height, data }: RgbImage): Promise<Uint8Array> {
  const sharp = await loadSharp()
  const image = sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
  return bytesOf(await image.png({ compressionLevel: 9 }).toBuffer())
}

/** Draws an SVG as a PNG file with sharp. */
export async function rasterize(svg: string, scale: number): Promise<Uint8Array> {
  // An SVG has 72 pixels per inch.
  const options = { density: 72 * scale }
  const png = { compressionLevel: 9, palette: true }
  const drawn = withSvg(sharp => sharp(new TextEncoder().encode(svg), options).png(png).toBuffer())
  return bytesOf(
    await drawn.catch(error => {
      if (error instanceof VisionError) throw error
      throw new VisionError(`cannot draw the SVG (${oneLine(error.message)}); is it well-formed?`, { cause: error })
    }),
  )
}

const bytesOf = (file: Buffer): Uint8Array => new Uint8Array(file.buffer, file.byteOffset, file.length)
