import { VisionError } from '../errors.ts'
import type { Picture } from '../picture.ts'

/** A PNG file of the pixels, by a canvas. */
export async function encodePixels({ width, height, data }: Picture): Promise<Uint8Array> {
  const rgba = new Uint8ClampedArray(width * height * 4)
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba.set(data.subarray(from, from + 3), to)
    rgba[to + 3] = 255
  }
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')
  if (!context) throw new VisionError(`this browser has no canvas of ${width} x ${height} to write a PNG file with`)
  context.putImageData(new ImageData(rgba, width, height), 0, 0)
  const blob = await canvas.convertToBlob({ type: 'image/png' })
  return new Uint8Array(await blob.arrayBuffer())
}
