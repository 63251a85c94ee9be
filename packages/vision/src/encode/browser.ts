import { VisionError } from '../errors.ts'
import type { RgbImage } from '../image.ts'

/** Encodes pixels as a PNG file with a canvas. */
export async function encodePixels({ width, height, data }: RgbImage): Promise<Uint8Array> {
  const rgba = new Uint8ClampedArray(width * height * 4)
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba.set(data.subarray(from, from + 3), to)
    rgba[to + 3] = 255
  }
  const canvas = new OffscreenCanvas(width, height)
  contextOf(canvas).putImageData(new ImageData(rgba, width, height), 0, 0)
  return bytesOf(canvas)
}

/** Lets the browser draw an SVG as a PNG file. Needs a document, so it does not work in a worker. */
export async function rasterize(svg: string, scale: number): Promise<Uint8Array> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = url
    await image.decode().catch(error => {
      throw new VisionError('cannot draw the SVG; is it well-formed?', { cause: error })
    })
    const canvas = new OffscreenCanvas(Math.round(image.width * scale), Math.round(image.height * scale))
    contextOf(canvas).drawImage(image, 0, 0, canvas.width, canvas.height)
    return await bytesOf(canvas)
  } finally {
    URL.revokeObjectURL(url)
  }
}

function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext('2d')
  if (context) return context
  const { width, height } = canvas
  throw new VisionError(`this browser has no canvas of ${width} x ${height} to write a PNG file with`)
}

async function bytesOf(canvas: OffscreenCanvas): Promise<Uint8Array> {
  const blob = await canvas.convertToBlob({ type: 'image/png' })
  return new Uint8Array(await blob.arrayBuffer())
}
