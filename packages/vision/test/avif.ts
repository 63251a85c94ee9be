import sharp from 'sharp'
import { image } from './images.ts'

/** A small AVIF file, for which there is no golden. */
export async function avif(width: number, height: number): Promise<Uint8Array> {
  const { data } = image('smooth', width, height)
  return new Uint8Array(
    await sharp(data, { raw: { width, height, channels: 3 } })
      .avif({ effort: 0 })
      .toBuffer(),
  )
}
