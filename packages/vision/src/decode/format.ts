import { VisionError } from '../errors.ts'
import { brandsOf, itemTypes } from './boxes.ts'

/** The formats that {@link decode} reads. */
const FORMATS = ['JPEG', 'PNG', 'WebP', 'GIF', 'TIFF', 'AVIF', 'BMP'] as const

export type ImageFormat = (typeof FORMATS)[number]

/** The first bytes of each format; a dot matches any byte. Brands identify AVIF. */
const SIGNATURES: readonly (readonly [ImageFormat, string])[] = [
  ['JPEG', '\xff\xd8\xff'],
  ['PNG', '\x89PNG\r\n\x1a\n'],
  ['WebP', 'RIFF....WEBPVP8'],
  ['GIF', 'GIF87a'],
  ['GIF', 'GIF89a'],
  ['TIFF', 'II*\0'],
  ['TIFF', 'MM\0*'],
  ['BMP', 'BM'],
]

/** Formats that are recognised but not read. */
const UNREAD: readonly (readonly [string, string])[] = [
  ['JPEG 2000', '\0\0\0\x0cjP  \r\n\x87\n'],
  ['JPEG 2000', '\xff\x4f\xff\x51'],
  ['JPEG XL', '\0\0\0\x0cJXL \r\n\x87\n'],
  ['JPEG XL', '\xff\x0a'],
]

/** The items that an AVIF file may hold: AV1 images, what combines them, and data about them. */
const AVIF_ITEMS = ['av01', 'grid', 'iden', 'tmap', 'sato', 'Exif', 'mime', 'uri ']
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs']

/**
 * Identifies the format of a file by its content, because names may be wrong. The check is at least as strict as
 * libvips and browsers, so that none of them takes the file for something else, such as SVG, which may refer to other
 * files and take minutes.
 * @throws VisionError if the format is not one of these.
 */
export function formatOf(bytes: Uint8Array, name: string): ImageFormat {
  if (bytes.length === 0) throw new VisionError(`${name}: the file is empty`)
  const format = matching(SIGNATURES, bytes)
  if (format) return format
  const unread = matching(UNREAD, bytes)
  if (unread) throw notRead(unread, name)
  const brands = brandsOf(bytes)
  const says = (known: readonly string[]) => brands.some(brand => known.includes(brand))
  if (says(HEIC_BRANDS) && !says(['avif', 'avis'])) throw notRead('HEIC', name)
  // The brand mif1 only means that there are images of some kind.
  if (says(['avif', 'avis', 'mif1'])) {
    for (const type of itemTypes(bytes)) if (!AVIF_ITEMS.includes(type)) throw notRead(kindOfItem(type), name)
    return 'AVIF'
  }
  throw new VisionError(`${name}: not an image in a known format (${FORMATS.join(', ')}); save it as PNG or JPEG`)
}

function notRead(kind: string, name: string): VisionError {
  return new VisionError(`${name}: ${kind} files are not read; save it as PNG or JPEG`)
}

/** The kind of a file by the type of an item in it, which may be any bytes. */
function kindOfItem(type: string): string {
  if (type === 'hvc1') return 'HEIC'
  return /^\w{4}$/.test(type) ? `HEIF (${type})` : 'HEIF'
}

function matching<T>(table: readonly (readonly [T, string])[], bytes: Uint8Array): T | undefined {
  return table.find(([, signature]) =>
    [...signature].every((char, i) => char === '.' || bytes[i] === char.charCodeAt(0)),
  )?.[0]
}
