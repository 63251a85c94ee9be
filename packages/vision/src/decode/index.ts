import * as platform from '#decode'
import { readFrom } from '#files'
import type { DownloadOptions } from '../download/index.ts'
import type { RgbImage } from '../image.ts'
import { nameOf, oneLine, type Source } from '../source.ts'
import { decodeBmp } from './bmp.ts'
import { formatOf } from './format.ts'
import { limitsOf } from './limits.ts'

export interface DecodeOptions {
  /** What messages call the image, default its path, its URL or the name of a `File`, else 'image'. */
  readonly name?: string
  /**
   * The most pixels that the image may have, at most {@link MAX_PIXELS}; default 67,108,864, which are 8192 x 8192. It is
   * compared with the header before anything is decoded. In Node a decode takes 4 to 12 bytes of memory for each pixel, that
   * of an AVIF file 15 to 30: with the default at most 0.8 GB, for AVIF 2 GB.
   */
  readonly maxPixels?: number
  /**
   * Seconds that a decode may take, a whole number from 1 to 3600; default 60. Node's decoders stop between two steps only.
   * Some formats, AVIF and WebP among them, are decoded in one, and what keeps that short is `maxPixels`. Browsers cannot
   * stop a decode: it is given up, and runs to its end unseen.
   */
  readonly timeout?: number
}

/**
 * Decodes a JPEG, PNG, WebP, GIF (its first frame), TIFF, AVIF or BMP file to 8-bit RGB, upright as its EXIF
 * orientation says. What a file is, is told by its content, and no decoder of another format sees it.
 *
 * In Node the pixels are those of Pillow's `ImageOps.exif_transpose(Image.open(file)).convert('RGB')`: alpha is dropped
 * and nothing composited, colour profiles are ignored, 16-bit grey is clipped to 255. Two kinds differ: the
 * transparent pixels of a GIF are black, and AVIF is a little otherwise rounded.
 *
 * Browsers decode with what they have. Chromium gives the same pixels, but scales 16-bit grey to 8 bits, ignores the
 * orientation of WebP files and knows no TIFF.
 *
 * @throws VisionError for unknown formats, damaged or incomplete files, more pixels or time than allowed, and options
 *   that make no sense.
 */
export async function decode(source: Uint8Array | Blob, { name, ...options }: DecodeOptions = {}): Promise<RgbImage> {
  const shown = name === undefined ? nameOf(source, 'image') : oneLine(name)
  const limits = limitsOf(options)
  const bytes = source instanceof Blob ? new Uint8Array(await source.arrayBuffer()) : source
  const format = formatOf(bytes, shown)
  return format === 'BMP'
    ? decodeBmp(bytes, limits.maxPixels, shown)
    : platform.decodeFormat(bytes, format, limits, shown)
}

/**
 * Reads and decodes an image from a path (in browsers a URL relative to the page), a URL, or what {@link decode} takes.
 * @throws VisionError as {@link decode} does, and where the file cannot be read; a DownloadError, which is one, where it
 *   cannot be had from its URL; the signal's reason.
 */
export async function readImage(source: Source, options: DecodeOptions & DownloadOptions = {}): Promise<RgbImage> {
  options.signal?.throwIfAborted()
  if (typeof source !== 'string' && !(source instanceof URL)) return decode(source, options)
  const { signal, stallSeconds, ...decoding } = options
  const bytes = await readFrom(source, { signal, stallSeconds })
  return decode(bytes, { ...decoding, name: options.name ?? nameOf(source, 'image') })
}

/**
 * Lets libvips run its loaders for the formats that {@link decode} reads, and no others, in the whole process: a second
 * lock beside the look at a file's first bytes. It is for programs that open images by this package alone. It is not done
 * unasked, because it would also take SVG, PDF and the like from an application that opens them with sharp itself. Later
 * calls of `sharp.unblock` may allow some again. {@link svgToPng} still works. Does nothing in browsers.
 * @throws VisionError where sharp cannot be loaded.
 */
export async function blockOtherLoaders(): Promise<void> {
  await platform.blockOtherLoaders()
}
