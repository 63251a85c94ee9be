import type { Picture } from '../picture.ts'
import { loadSharp } from '../sharp.ts'

/** A PNG file of the pixels, by sharp. */
export async function encodePixels({ width, height, data }: Picture): Promise<Uint8Array> {
  const sharp = await loadSharp()
  const image = sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
  const file = await image.png({ compressionLevel: 9 }).toBuffer()
  return new Uint8Array(file.buffer, file.byteOffset, file.length)
}
