import type { FormatEnum, Metadata, Sharp } from 'sharp'
import { VisionError } from '../errors.ts'
import type { RgbImage } from '../image.ts'
import { loadSharp } from '../sharp.ts'
import { oneLine } from '../source.ts'
import { checkSizeOf, type Limits, tooSlow } from './limits.ts'
import { type SizedFormat, sizeOf } from './size.ts'
import { cmykToRgb, grey16ToRgb } from './to-rgb.ts'

export { blockOtherLoaders } from '../sharp.ts'

/** sharp's name of the loader that libvips must choose for each format. */
const LOADERS: Record<SizedFormat, keyof FormatEnum> = {
  JPEG: 'jpeg',
  PNG: 'png',
  WebP: 'webp',
  GIF: 'gif',
  TIFF: 'tiff',
  AVIF: 'heif',
}

/** libvips' names for the colour spaces that are read. */
const SPACES = ['srgb', 'rgb', 'rgb16', 'b-w', 'grey16', 'cmyk']

/** Decodes every format except BMP with sharp. */
export async function decodeFormat(
  bytes: Uint8Array,
  format: SizedFormat,
  { maxPixels, timeout }: Limits,
  name: string,
): Promise<RgbImage> {
  const declared = sizeOf(bytes, format)
  if (declared) checkSizeOf(declared, maxPixels, name)
  const sharp = await loadSharp()
  // Like Pillow: no colour management, and a truncated file is an error, but not every warning.
  const options = { ignoreIcc: true, failOn: 'error', limitInputPixels: false } as const
  const image = sharp(bytes, options).timeout({ seconds: timeout })
  const undecodable = (error: Error) => {
    if (error instanceof VisionError) return error
    if (/^timeout: /m.test(error.message)) return tooSlow(format, timeout, name)
    // libheif finds the end of a file by trial, and libvips reports each trial.
    const reason = oneLine(
      error.message
        .split(/(?:source: bad seek to \d+|\s)+/)
        .join(' ')
        .trim(),
    )
    const what = `cannot decode this ${format} file, it is damaged, cut short or of a rare kind`
    return new VisionError(`${name}: ${what} (${reason}); get it again or save it as PNG`, { cause: error })
  }
  try {
    // From the header only.
    const metadata = await image.metadata()
    if (metadata.format !== LOADERS[format]) {
      const what = `starts as ${format} files do, but libvips takes it for ${metadata.format}`
      throw new VisionError(`${name}: ${what}; save it as PNG or JPEG`)
    }
    checkSizeOf(metadata, maxPixels, name)
    return await rgbPixels(image, metadata, name)
  } catch (error) {
    throw undecodable(error as Error)
  }
}

/** The pixels, rotated as the EXIF orientation says. */
async function rgbPixels(image: Sharp, { space, depth, hasAlpha }: Metadata, name: string): Promise<RgbImage> {
  const depths = space === 'cmyk' ? ['uchar'] : ['uchar', 'ushort']
  if (!SPACES.includes(space) || !depths.includes(depth)) {
    throw new VisionError(`${name}: ${depth} pixels in the colour space ${space} are not supported; save it as PNG`)
  }
  // Where libvips converts to RGB as Pillow does, it converts: both scale grey with alpha to 8 bits, for example.
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
