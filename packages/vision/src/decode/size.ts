import { boxesAt } from './boxes.ts'
import type { ImageFormat } from './format.ts'
import type { Size } from './limits.ts'

/** A format whose header this module reads; BMP files have their own decoder. */
export type SizedFormat = Exclude<ImageFormat, 'BMP'>

/**
 * Reads the image size from a file's header, before the image is rotated upright: all pixels that a decoder would
 * allocate.
 * @returns undefined if the header does not contain it, because the file is damaged, cut short or of a rare kind
 */
export function sizeOf(bytes: Uint8Array, format: SizedFormat): Size | undefined {
  try {
    const { width, height } = READERS[format](new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes)
    return width > 0 && height > 0 ? { width, height } : undefined
  } catch (error) {
    // A read beyond the end of the view throws this: the file is cut short.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const NONE: Size = { width: 0, height: 0 }

const READERS: Record<SizedFormat, (view: DataView, bytes: Uint8Array) => Size> = {
  JPEG: jpegSize,
  PNG: pngSize,
  WebP: webpSize,
  GIF: gifSize,
  TIFF: tiffSize,
  AVIF: avifSize,
}

/** The size in the frame header. Thumbnails lie within segments, which are skipped. */
function jpegSize(view: DataView): Size {
  for (let at = 2; ; ) {
    // Decoders skip bytes between segments too.
    while (view.getUint8(at) !== 0xff) at++
    while (view.getUint8(at) === 0xff) at++
    const marker = view.getUint8(at++)
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { width: view.getUint16(at + 5), height: view.getUint16(at + 3) }
    const isAlone = marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)
    if (marker === 0xd9 || marker === 0xda) return NONE
    if (!isAlone) at += view.getUint16(at)
  }
}

const IHDR = 0x49484452

function pngSize(view: DataView): Size {
  return view.getUint32(12) === IHDR ? { width: view.getUint32(16), height: view.getUint32(20) } : NONE
}

/** The first bytes of lossy and of lossless data. */
const VP8_KEY_FRAME = 0x9d012a
const VP8L_START = 0x2f

/** The size of the canvas, or of the single image. */
function webpSize(view: DataView): Size {
  switch (view.getUint8(15)) {
    case 'X'.charCodeAt(0):
      return { width: 1 + (view.getUint32(23, true) >>> 8), height: 1 + (view.getUint32(26, true) >>> 8) }
    case 'L'.charCodeAt(0): {
      if (view.getUint8(20) !== VP8L_START) return NONE
      const bits = view.getUint32(21, true)
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) }
    }
    default:
      if ((view.getUint32(22) & 0xffffff) !== VP8_KEY_FRAME) return NONE
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
  }
}

/** The size of the screen, which grows if the first frame does not fit in it. */
function gifSize(view: DataView): Size {
  let at = 13 + colorBytes(view.getUint8(10))
  // Extensions are sequences of blocks that end with an empty one.
  while (view.getUint8(at) === 0x21) {
    at += 2
    while (view.getUint8(at) > 0) at += 1 + view.getUint8(at)
    at++
  }
  const side = (screen: number, offset: number, length: number) =>
    Math.max(view.getUint16(screen, true), view.getUint16(offset, true) + view.getUint16(length, true))
  if (view.getUint8(at) !== 0x2c) return NONE
  return { width: side(6, at + 1, at + 5), height: side(8, at + 3, at + 7) }
}

/** Bytes of the colour table, from the flags of a GIF. */
function colorBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0
}

const TIFF_WIDTH = 256
const TIFF_HEIGHT = 257
const TIFF_SHORT = 3
const TIFF_LONG = 4

/** The size of the first page. */
function tiffSize(view: DataView): Size {
  const isLittle = view.getUint8(0) === 'I'.charCodeAt(0)
  const start = view.getUint32(4, isLittle)
  const found = new Map<number, number>()
  for (let i = 0; i < view.getUint16(start, isLittle); i++) {
    const at = start + 2 + i * 12
    const type = view.getUint16(at + 2, isLittle)
    if (type === TIFF_SHORT) found.set(view.getUint16(at, isLittle), view.getUint16(at + 8, isLittle))
    if (type === TIFF_LONG) found.set(view.getUint16(at, isLittle), view.getUint32(at + 8, isLittle))
  }
  return { width: found.get(TIFF_WIDTH) ?? 0, height: found.get(TIFF_HEIGHT) ?? 0 }
}

/**
 * The size of the largest image in the file: transparency is a separate image, which may be larger than the main one.
 */
function avifSize(view: DataView, bytes: Uint8Array): Size {
  let largest = NONE
  for (const { start } of boxesAt(bytes, ['meta', 'iprp', 'ipco', 'ispe'])) {
    const size = { width: view.getUint32(start + 4), height: view.getUint32(start + 8) }
    if (size.width * size.height > largest.width * largest.height) largest = size
  }
  return largest
}
