import { deflateSync } from 'node:zlib'

/** Files whose content differs from what they claim, or is far larger than it looks. */

type Part = string | Uint8Array | readonly number[]

const latin1 = (text: string) => Uint8Array.from(text, char => char.charCodeAt(0))

export function join(...parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const chunks = parts.map(part => (typeof part === 'string' ? latin1(part) : Uint8Array.from(part)))
  return Uint8Array.from(Buffer.concat(chunks))
}

const u16 = (value: number) => [value >> 8, value & 255]
const u32 = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
const reversed = (bytes: readonly number[]) => [...bytes].reverse()

/** An SVG after the first bytes of another format. */
export const svgAfter = (start: string) =>
  join(start, '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>')

/** A PNG with 1-bit grey, whose file is far smaller than its pixels. */
export function largePng(width: number, height: number): Uint8Array<ArrayBuffer> {
  const chunk = (type: string, data: Part) => {
    const body = join(type, data)
    return join(u32(body.length - 4), body, u32(crc32(body)))
  }
  const rows = deflateSync(new Uint8Array((Math.ceil(width / 8) + 1) * height))
  const header = join(u32(width), u32(height), [1, 0, 0, 0, 0])
  return join('\x89PNG\r\n\x1a\n', chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', ''))
}

function crc32(bytes: Uint8Array): number {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

/** The headers of files with images of any size, without any pixels. */
export const headers: Record<string, (width: number, height: number) => Uint8Array<ArrayBuffer>> = {
  'JPEG with a thumbnail': (width, height) => {
    const frame = (w: number, h: number) => join([0xff, 0xc0], u16(17), [8], u16(h), u16(w), [3])
    const thumbnail = join('Exif\0\0', [0xff, 0xd8], frame(1, 1))
    return join([0xff, 0xd8, 0xff, 0xe1], u16(thumbnail.length + 2), thumbnail, [0xff], frame(width, height), Array(9))
  },
  PNG: (width, height) => join('\x89PNG\r\n\x1a\n', u32(13), 'IHDR', u32(width), u32(height), [8, 2, 0, 0, 0], u32(0)),
  'WebP, lossy': (width, height) =>
    join('RIFF\x40\0\0\0WEBPVP8 ', Array(7), [0x9d, 0x01, 0x2a], reversed(u16(width)), reversed(u16(height))),
  'WebP, lossless': (width, height) =>
    join('RIFF\x40\0\0\0WEBPVP8L', [9, 0, 0, 0, 0x2f], reversed(u32(((height - 1) << 14) | (width - 1)))),
  'WebP, extended': (width, height) =>
    join(
      'RIFF\x40\0\0\0WEBPVP8X',
      [10, 0, 0, 0],
      Array(4),
      ...[width, height].map(n => reversed(u32(n - 1)).slice(0, 3)),
    ),
  GIF: (width, height) => gif(width, height, 1, 1),
  'GIF with a frame beyond its screen': (width, height) => gif(1, 1, width, height),
  'TIFF of Intel': (width, height) => tiff('II*\0', width, height, reversed),
  'TIFF of Motorola': (width, height) => tiff('MM\0*', width, height, bytes => [...bytes]),
  AVIF: (width, height) => avif([[width, height]]),
  'AVIF with larger transparency': (width, height) =>
    avif([
      [1, 1],
      [width, height],
    ]),
  BMP: (width, height) =>
    join(
      'BM',
      Array(8),
      [54, 0, 0, 0],
      reversed(u32(40)),
      reversed(u32(width)),
      reversed(u32(height)),
      [1, 0, 24, 0],
      Array(24),
    ),
}

function gif(width: number, height: number, frameWidth: number, frameHeight: number): Uint8Array<ArrayBuffer> {
  const size = (w: number, h: number) => [...reversed(u16(w)), ...reversed(u16(h))]
  const comment = '\x21\xfe\x05, ,;,\0'
  // A table of two colours, which the highest bit of the flags announces.
  return join(
    'GIF89a',
    size(width, height),
    [0x80, 0, 0],
    Array(6),
    comment,
    ',',
    Array(4),
    size(frameWidth, frameHeight),
  )
}

function tiff(start: string, width: number, height: number, order: (bytes: number[]) => number[]) {
  // The width is a LONG, the height a SHORT, which is in the first half of its field.
  const entry = (tag: number, type: number, value: number[]) =>
    join(order(u16(tag)), order(u16(type)), order(u32(1)), value, Array(4 - value.length))
  return join(start, order(u32(8)), order(u16(2)), entry(256, 4, order(u32(width))), entry(257, 3, order(u16(height))))
}

const box = (type: string, ...parts: Part[]) => {
  const content = join(...parts)
  return join(u32(content.length + 8), type, content)
}

export function avif(
  sizes: readonly (readonly [number, number])[],
  brands = 'avif\0\0\0\0avifmif1',
): Uint8Array<ArrayBuffer> {
  const properties = sizes.map(([width, height]) => box('ispe', u32(0), u32(width), u32(height)))
  return join(box('ftyp', brands), box('meta', u32(0), box('iprp', box('ipco', ...properties))))
}

/** An AVIF file with a single item of this type. */
export function avifOf(type: string): Uint8Array<ArrayBuffer> {
  const item = box('infe', u32(2 << 24), u16(1), u16(0), type, '\0')
  return join(box('ftyp', 'avif\0\0\0\0avifmif1'), box('meta', u32(0), box('iinf', u32(0), u16(1), item)))
}
