import { decodeFormat } from '#decode'
import { readFrom } from '#files'
import type { DownloadOptions } from '../download/index.ts'
import type { Picture } from '../picture.ts'
import { nameOf, oneLine, type Source } from '../source.ts'
import { decodeBmp } from './bmp.ts'
import { formatOf } from './format.ts'

export interface DecodeOptions {
  /** What messages call the picture, default the name of a `File`, else 'picture'. */
  readonly name?: string
}

/**
 * Decodes a JPEG, PNG, WebP, GIF (its first frame), TIFF, AVIF or BMP file to 8-bit RGB, upright as its EXIF
 * orientation says.
 *
 * In Node the pixels are those of Pillow's `ImageOps.exif_transpose(Image.open(file)).convert('RGB')`: alpha is dropped
 * and nothing composited, colour profiles are ignored, 16-bit grey is clipped to 255. Two kinds differ: the
 * transparent pixels of a GIF are black, and AVIF is a little otherwise rounded.
 *
 * Browsers decode with what they have. Chromium gives the same pixels, but scales 16-bit grey to 8 bits, ignores the
 * orientation of WebP files and knows no TIFF.
 *
 * @throws VisionError for unknown formats, damaged or incomplete files, and more pixels than allowed.
 */
export async function decode(source: Uint8Array | Blob, { name }: DecodeOptions = {}): Promise<Picture> {
  const shown = name === undefined ? nameOf(source, 'picture') : oneLine(name)
  const bytes = source instanceof Blob ? new Uint8Array(await source.arrayBuffer()) : source
  const format = formatOf(bytes, shown)
  return format === 'BMP' ? decodeBmp(bytes, shown) : decodeFormat(bytes, format, shown)
}

/**
 * Reads and decodes a picture from a path (in browsers a URL relative to the page), a URL, or what {@link decode} takes.
 * @throws VisionError as {@link decode} does, and where the file cannot be read; a DownloadError, which is one, where it
 *   cannot be had from its URL; the signal's reason.
 */
export async function readPicture(source: Source, options: DownloadOptions = {}): Promise<Picture> {
  options.signal?.throwIfAborted()
  if (typeof source !== 'string' && !(source instanceof URL)) return decode(source)
  return decode(await readFrom(source, options), { name: nameOf(source, 'picture') })
}
