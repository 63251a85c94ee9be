import { VisionError } from '../errors.ts'
import { brandsOf } from './boxes.ts'

/** The formats that {@link decode} reads. */
const FORMATS = ['JPEG', 'PNG', 'WebP', 'GIF', 'TIFF', 'AVIF', 'BMP'] as const

export type PictureFormat = (typeof FORMATS)[number]

/** The bytes that each format starts with; a dot stands for any byte. AVIF is told by its brands. */
const SIGNATURES: readonly (readonly [PictureFormat, string])[] = [
  ['JPEG', '\xff\xd8\xff'],
  ['PNG', '\x89PNG\r\n\x1a\n'],
  ['WebP', 'RIFF....WEBPVP8'],
  ['GIF', 'GIF87a'],
  ['GIF', 'GIF89a'],
  ['TIFF', 'II*\0'],
  ['TIFF', 'MM\0*'],
  ['BMP', 'BM'],
]

/** Formats that are known, and not read. */
const UNREAD: readonly (readonly [string, string])[] = [
  ['JPEG 2000', '\0\0\0\x0cjP  \r\n\x87\n'],
  ['JPEG 2000', '\xff\x4f\xff\x51'],
  ['JPEG XL', '\0\0\0\x0cJXL \r\n\x87\n'],
  ['JPEG XL', '\xff\x0a'],
]

const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs']

/**
 * The format of a file, by content: names lie. It is at least as strict as what the decoders look at to tell formats, so
 * that none of them takes a file for something else, such as SVG, which may refer to other files and take minutes.
 * @throws VisionError for what is none of the formats.
 */
export function formatOf(bytes: Uint8Array, name: string): PictureFormat {
  if (bytes.length === 0) throw new VisionError(`${name}: the file is empty`)
  const format = matching(SIGNATURES, bytes)
  if (format) return format
  const brands = brandsOf(bytes)
  if (brands.includes('avif') || brands.includes('avis')) return 'AVIF'
  const isHeic = brands.some(brand => HEIC_BRANDS.includes(brand))
  const unread = isHeic ? 'HEIC' : matching(UNREAD, bytes)
  if (unread) throw new VisionError(`${name}: ${unread} files are not read; save it as PNG or JPEG`)
  // Which says only that it holds pictures, of whatever kind.
  if (brands.includes('mif1')) return 'AVIF'
  throw new VisionError(`${name}: not a picture in a known format (${FORMATS.join(', ')}); save it as PNG or JPEG`)
}

function matching<T>(table: readonly (readonly [T, string])[], bytes: Uint8Array): T | undefined {
  return table.find(([, signature]) =>
    [...signature].every((char, i) => char === '.' || bytes[i] === char.charCodeAt(0)),
  )?.[0]
}
