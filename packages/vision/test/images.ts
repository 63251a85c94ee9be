import { createHash } from 'node:crypto'
import type { RgbImage } from '../src/index.ts'

/** Makes images by a formula with whole numbers; goldens/images.py makes the same images. */
export function image(kind: string, width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) data[at++] = value(kind, x, y, channel)
    }
  }
  return { width, height, data }
}

function value(kind: string, x: number, y: number, channel: number): number {
  if (kind === 'smooth') return (x * (3 + channel) + y * (5 - channel) + ((x * y) >> 4) + channel * 40) & 255
  let mixed = (x * 73856093 + y * 19349663 + channel * 83492791 + 12345) >>> 0
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0x5bd1e995)
  mixed ^= mixed >>> 15
  const byte = mixed & 255
  return byte < 85 ? 0 : byte > 170 ? 255 : byte
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
