import * as platform from '#decode'
import { readFrom } from '#files'
import type { DownloadOptions } from '../download/index.ts'
import type { RgbImage } from '../image.ts'
import { checkKeys, type Keys } from '../options.ts'
import { nameOf, oneLine, type Source } from '../source.ts'
import { decodeBmp } from './bmp.ts'
import { formatOf } from './format.ts'
import { limitsOf } from './limits.ts'

export interface DecodeOptions {
  /** The image's name in messages; default its path, its URL or the name of a `File`, otherwise 'image'. */
  readonly name?: string
  /**
   * The most pixels that the image may have, at most {@link MAX_PIXELS}; default 67,108,864 (8192 x 8192). The header
   * is checked before anything is decoded. In Node a decode takes 4 to 12 bytes of memory per pixel, or 15 to 30 for
   * AVIF. With the default, that is at most 0.8 GB, or 2 GB for AVIF.
   */
  readonly maxPixels?: number
  /**
   * The most seconds that a decode may take, a whole number from 1 to 3600; default 60. Node's decoders stop only
   * between two steps. AVIF, WebP and some other formats take a single step, which `maxPixels` keeps short. Browsers
   * cannot stop a decode: it is abandoned and runs to its end in the background.
   */
  readonly timeout?: number
}

const DECODE_KEYS: Keys<DecodeOptions> = { name: true, maxPixels: true, timeout: true }
const READ_KEYS: Keys<DecodeOptions & DownloadOptions> = { ...DECODE_KEYS, signal: true, stallSeconds: true }

/**
 * Decodes a JPEG, PNG, WebP, GIF (its first frame), TIFF, AVIF or BMP file to 8-bit RGB, rotated upright according to
 * its EXIF orientation. The content determines the format of a file, and no decoder of another format sees it.
 *
 * In Node the pixels are those of Pillow's `ImageOps.exif_transpose(Image.open(file)).convert('RGB')`: alpha is dropped
 * and nothing is composited, colour profiles are ignored, and 16-bit grey is clipped to 255. Two formats differ: the
 * transparent pixels of a GIF are black, and AVIF is rounded slightly differently.
 *
 * Browsers use their own decoders. Chromium produces the same pixels, but it scales 16-bit grey to 8 bits, ignores the
 * orientation of WebP files and does not read TIFF.
 *
 * @throws VisionError for unknown formats, damaged or incomplete files, more pixels or time than allowed, and invalid
 *   options.
 */
export async function decode(source: Uint8Array | Blob, given: DecodeOptions = {}): Promise<RgbImage> {
  checkKeys('decode', given, DECODE_KEYS)
  const { name, ...options } = given
  const shown = name === undefined ? nameOf(source, 'image') : oneLine(name)
  const limits = limitsOf(options)
  const bytes = source instanceof Blob ? new Uint8Array(await source.arrayBuffer()) : source
  const format = formatOf(bytes, shown)
  return format === 'BMP'
    ? decodeBmp(bytes, limits.maxPixels, shown)
    : platform.decodeFormat(bytes, format, limits, shown)
}

/**
 * Reads and decodes an image from a path (in browsers a URL relative to the page), a URL, or any source of {@link
 * decode}.
 * @throws VisionError as {@link decode} does, and if the file cannot be read; DownloadError, a subclass of VisionError,
 *   if a download fails; the signal's reason after an abort.
 */
export async function readImage(source: Source, options: DecodeOptions & DownloadOptions = {}): Promise<RgbImage> {
  checkKeys('readImage', options, READ_KEYS)
  options.signal?.throwIfAborted()
  const { signal, stallSeconds, ...decoding } = options
  if (typeof source !== 'string' && !(source instanceof URL)) return decode(source, decoding)
  const bytes = await readFrom(source, { signal, stallSeconds })
  return decode(bytes, { ...decoding, name: options.name ?? nameOf(source, 'image') })
}

/**
 * Lets libvips run only its loaders for the formats that {@link decode} reads, in the whole process: a second barrier
 * in addition to the check of a file's content. It is for programs that open images only with this package. It is not
 * the default, because it would also prevent an application from opening SVG, PDF and similar files with sharp itself.
 * Later calls of `sharp.unblock` may allow some loaders again. {@link svgToPng} still works. Does nothing in browsers.
 * @throws VisionError if sharp cannot be loaded.
 */
export async function blockOtherLoaders(): Promise<void> {
  await platform.blockOtherLoaders()
}
