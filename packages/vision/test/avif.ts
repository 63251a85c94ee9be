import sharp from 'sharp'
import { picture } from './pictures.ts'

/** A small AVIF file, which no golden is of. */
export async function avif(width: number, height: number): Promise<Uint8Array> {
  const { data } = picture('smooth', width, height)
  return new Uint8Array(
    await sharp(data, { raw: { width, height, channels: 3 } })
      .avif({ effort: 0 })
      .toBuffer(),
  )
}
