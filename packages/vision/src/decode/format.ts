import { VisionError } from '../errors.ts'

/** The formats that {@link decode} reads. */
export type PictureFormat = 'JPEG' | 'PNG' | 'WebP' | 'GIF' | 'TIFF' | 'AVIF' | 'BMP'

/** The bytes that each format starts with; a dot stands for any byte. */
const signatures: readonly (readonly [PictureFormat, string])[] = [
  ['JPEG', '\xff\xd8\xff'],
  ['PNG', '\x89PNG\r\n\x1a\n'],
  ['WebP', 'RIFF....WEBP'],
  ['GIF', 'GIF8'],
  ['TIFF', 'II*\0'],
  ['TIFF', 'MM\0*'],
  ['AVIF', '....ftypavif'],
  ['AVIF', '....ftypmif1'],
  ['BMP', 'BM'],
]

/**
 * The format of a file, by content: names lie. Also keeps text formats such as SVG, which may refer to other files,
 * from the decoders.
 */
export function formatOf(bytes: Uint8Array, name: string): PictureFormat {
  if (bytes.length === 0) throw new VisionError(`${name}: the file is empty`)
  for (const [format, signature] of signatures) {
    const matches = [...signature].every((char, i) => char === '.' || bytes[i] === char.charCodeAt(0))
    if (matches) return format
  }
  const known = [...new Set(signatures.map(([format]) => format))].join(', ')
  throw new VisionError(`${name}: not a picture in a known format (${known}); save it as PNG or JPEG`)
}
