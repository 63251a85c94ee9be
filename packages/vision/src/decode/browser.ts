import { VisionError } from '../errors.ts'
import type { RgbImage } from '../image.ts'
import { checkSizeOf, type Limits, tooSlow } from './limits.ts'
import { type SizedFormat, sizeOf } from './size.ts'

/** Lets the browser decode every format except BMP. */
export async function decodeFormat(
  bytes: Uint8Array,
  format: SizedFormat,
  { maxPixels, timeout }: Limits,
  name: string,
): Promise<RgbImage> {
  const undecodable = (cause?: unknown) => {
    const what = `cannot decode this ${format} file, it is damaged, cut short or of a kind that this browser does not know`
    return new VisionError(`${name}: ${what}; get it again or save it as PNG`, { cause })
  }
  // The browser would allocate all pixels before it tells how many there are.
  const declared = sizeOf(bytes, format)
  if (!declared) throw undecodable()
  checkSizeOf(declared, maxPixels, name)
  const blob = new Blob([bytes as Uint8Array<ArrayBuffer>])
  const decoding = createImageBitmap(blob, {
    imageOrientation: 'from-image',
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
  })
  const bitmap = await within(timeout, decoding, () => tooSlow(format, timeout, name)).catch(error => {
    throw error instanceof VisionError ? error : undecodable(error)
  })
  try {
    const { width, height } = bitmap
    checkSizeOf(bitmap, maxPixels, name)
    const rgba = opaquePixels(bitmap) ?? transparentPixels(bitmap, name)
    return { width, height, data: withoutAlpha(rgba) }
  } finally {
    bitmap.close()
  }
}

/** Does nothing: browsers choose their own decoders, and none of them reads a text format. */
export async function blockOtherLoaders(): Promise<void> {}

/** The value of a promise, if it comes within this many seconds; a value that comes too late is closed. */
async function within(seconds: number, decoding: Promise<ImageBitmap>, late: () => VisionError): Promise<ImageBitmap> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timedOut = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(late())
      decoding.then(bitmap => bitmap.close()).catch(() => {})
    }, seconds * 1000)
  })
  return Promise.race([decoding, timedOut]).finally(() => clearTimeout(timer))
}

/**
 * The pixels read from a 2D canvas; undefined if some are transparent, since a canvas multiplies them by their alpha.
 */
function opaquePixels(bitmap: ImageBitmap): Uint8ClampedArray | undefined {
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d', { willReadFrequently: true })
  if (!context) return undefined
  context.drawImage(bitmap, 0, 0)
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height)
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return undefined
  return data
}

/** The pixels read from a WebGL texture, which keeps the colours of transparent pixels. */
function transparentPixels(bitmap: ImageBitmap, name: string): Uint8Array {
  const { width, height } = bitmap
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2')
  if (!gl) throw new VisionError(`${name}: images with transparency need WebGL, which this browser refuses`)
  try {
    const side: number = gl.getParameter(gl.MAX_TEXTURE_SIZE)
    if (width > side || height > side) {
      throw new VisionError(`${name}: ${width} x ${height} pixels with transparency, wanted at most ${side} a side`)
    }
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false)
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE)
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture())
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap)
    gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer())
    gl.framebufferTexture2D(
      gl.FRAMEBUFFER,
      gl.COLOR_ATTACHMENT0,
      gl.TEXTURE_2D,
      gl.getParameter(gl.TEXTURE_BINDING_2D),
      0,
    )
    const rgba = new Uint8Array(width * height * 4)
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba)
    return rgba
  } finally {
    // Browsers allow only a few contexts at a time.
    gl.getExtension('WEBGL_lose_context')?.loseContext()
  }
}

function withoutAlpha(rgba: Uint8Array | Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3)
  for (let at = 0, pixel = 0; at < rgb.length; at += 3, pixel += 4) {
    rgb[at] = rgba[pixel]
    rgb[at + 1] = rgba[pixel + 1]
    rgb[at + 2] = rgba[pixel + 2]
  }
  return rgb
}
