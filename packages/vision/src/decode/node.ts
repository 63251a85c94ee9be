import type { Metadata, Sharp } from 'sharp'
import { VisionError } from '../errors.ts'
import { MAX_PIXELS, type Picture } from '../picture.ts'
import { loadSharp } from '../sharp.ts'
import { oneLine } from '../source.ts'
import type { PictureFormat } from './format.ts'
import { cmykToRgb, grey16ToRgb } from './to-rgb.ts'

/** libvips' names of the colour spaces that are read. */
const SPACES = ['srgb', 'rgb', 'rgb16', 'b-w', 'grey16', 'cmyk']

/** Decodes every format but BMP, by sharp. */
export async function decodeFormat(bytes: Uint8Array, format: PictureFormat, name: string): Promise<Picture> {
  const sharp = await loadSharp()
  // Like Pillow: no colour management, and what is cut short is an error, but not every warning.
  const image = sharp(bytes, { ignoreIcc: true, failOn: 'error', limitInputPixels: false })
  const undecodable = (error: Error) => {
    const reason = oneLine(error.message.replace(/\s+/g, ' ').trim())
    const what = `cannot decode this ${format} file, it is damaged, cut short or of a rare kind`
    return new VisionError(`${name}: ${what} (${reason}); get it again or save it as PNG`, { cause: error })
  }
  const metadata = await image.metadata().catch(error => Promise.reject(undecodable(error)))
  const { width, height } = metadata
  if (width * height > MAX_PIXELS) {
    throw new VisionError(
      `${name}: ${width} x ${height} are more than the allowed ${MAX_PIXELS} pixels; shrink it first`,
    )
  }
  return rgbPixels(image, metadata, name).catch(error =>
    Promise.reject(error instanceof VisionError ? error : undecodable(error)),
  )
}

/** The pixels, turned as the EXIF orientation says. */
async function rgbPixels(image: Sharp, { space, depth, hasAlpha }: Metadata, name: string): Promise<Picture> {
  const depths = space === 'cmyk' ? ['uchar'] : ['uchar', 'ushort']
  if (!SPACES.includes(space) || !depths.includes(depth)) {
    throw new VisionError(`${name}: ${depth} pixels in the colour space ${space} are not supported; save it as PNG`)
  }
  // What libvips makes RGB of as Pillow does, it shall; grey with alpha, for one, is scaled to 8 bits by both.
  const kept = space === 'cmyk' || (space === 'grey16' && !hasAlpha) ? space : 'srgb'
  const { data, info } = await image
    .autoOrient()
    .removeAlpha()
    .pipelineColourspace(space)
    .toColourspace(kept)
    .raw({ depth: kept === 'grey16' ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length)
  const { width, height } = info
  if (kept === 'cmyk') return { width, height, data: cmykToRgb(bytes) }
  if (kept === 'srgb') return { width, height, data: bytes }
  return { width, height, data: grey16ToRgb(new Uint16Array(data.buffer, data.byteOffset, data.length / 2)) }
}
