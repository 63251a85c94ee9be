import type { Metadata, Sharp } from 'sharp'
import { VisionError } from '../errors.ts'
import { MAX_PIXELS, type Picture } from '../picture.ts'
import { oneLine } from '../source.ts'
import type { PictureFormat } from './format.ts'
import { type RawPixels, toRgb } from './to-rgb.ts'

/** libvips' names of the colour spaces whose pixels Pillow takes as they are. */
const spaces: Record<string, RawPixels['space']> = {
  srgb: 'rgb',
  rgb: 'rgb',
  rgb16: 'rgb',
  'b-w': 'grey',
  grey16: 'grey',
  cmyk: 'cmyk',
}

/** Decodes every format but BMP, by sharp. */
export async function decodeFormat(bytes: Uint8Array, format: PictureFormat, name: string): Promise<Picture> {
  // Imported when needed, so that data sets can be read without loading it.
  const { default: sharp } = await import('sharp').catch(error => {
    throw new VisionError('cannot load the package sharp, which decodes pictures; install it again with npm i sharp', {
      cause: error,
    })
  })
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
  const raw = await rawPixels(image, metadata, name).catch(error =>
    Promise.reject(error instanceof VisionError ? error : undecodable(error)),
  )
  return { width: raw.width, height: raw.height, data: toRgb(raw) }
}

/** The pixels as they are in the file, turned as its EXIF orientation says. */
async function rawPixels(image: Sharp, { space, depth }: Metadata, name: string): Promise<RawPixels> {
  if (!Object.hasOwn(spaces, space) || (depth !== 'uchar' && depth !== 'ushort')) {
    throw new VisionError(`${name}: ${depth} pixels in the colour space ${space} are not supported; save it as PNG`)
  }
  const { data, info } = await image
    .autoOrient()
    .pipelineColourspace(space)
    .toColourspace(space)
    .raw({ depth })
    .toBuffer({ resolveWithObject: true })
  return {
    width: info.width,
    height: info.height,
    space: spaces[space],
    channels: info.channels,
    data:
      depth === 'ushort'
        ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2)
        : new Uint8Array(data.buffer, data.byteOffset, data.length),
  }
}
