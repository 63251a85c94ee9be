import { VisionError } from '../errors.ts'
import type { RgbImage } from '../image.ts'
import { checkSizeOf } from './limits.ts'

const FILE_HEADER_BYTES = 14
/** The lengths of the headers from BITMAPINFOHEADER to BITMAPV5HEADER, which start with the same fields. */
const INFO_HEADER_BYTES = [40, 52, 56, 108, 124]
const BI_RGB = 0
const BI_BITFIELDS = 3
/** The usual order of the channels in memory, blue first, written as bit masks. */
const USUAL_MASKS = [0xff0000, 0xff00, 0xff]

/**
 * Decodes an uncompressed Windows bitmap with 24 or 32 bits per pixel, or with 8 bits and a palette. The fourth byte of
 * 32 bits is ignored. libvips and some browsers do not read all of these.
 */
export function decodeBmp(bytes: Uint8Array, maxPixels: number, name: string): RgbImage {
  const { width, height, topDown, bits, pixelsAt, palette } = readHeader(bytes, maxPixels, name)
  const rowBytes = Math.ceil((width * bits) / 32) * 4
  const available = bytes.length - pixelsAt
  if (available < rowBytes * height) {
    throw new VisionError(
      `${name}: the BMP file is cut short: its ${width} x ${height} pixels take ${rowBytes * height} bytes, it has ${Math.max(0, available)}; get the whole file`,
    )
  }
  const data = new Uint8Array(width * height * 3)
  const step = bits / 8
  for (let y = 0, at = 0; y < height; y++) {
    const row = pixelsAt + (topDown ? y : height - 1 - y) * rowBytes
    for (let x = 0; x < width; x++, at += 3) {
      const pixel = row + x * step
      // Pixels and palette are in the order blue, green, red.
      const [from, color] = palette ? [palette, bytes[pixel] * 4] : [bytes, pixel]
      data[at] = from[color + 2]
      data[at + 1] = from[color + 1]
      data[at + 2] = from[color]
    }
  }
  return { width, height, data }
}

interface Header {
  readonly width: number
  readonly height: number
  readonly topDown: boolean
  readonly bits: number
  readonly pixelsAt: number
  /** 256 colours of 4 bytes, black if the file has none; undefined without a palette. */
  readonly palette: Uint8Array | undefined
}

function readHeader(bytes: Uint8Array, maxPixels: number, name: string): Header {
  const fail = (what: string) => new VisionError(`${name}: ${what}; save it as PNG`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < FILE_HEADER_BYTES + 4) throw fail('the BMP header is cut short')
  const headerBytes = view.getUint32(FILE_HEADER_BYTES, true)
  if (!INFO_HEADER_BYTES.includes(headerBytes)) throw fail(`unknown BMP header of ${headerBytes} bytes`)
  const headerEnd = FILE_HEADER_BYTES + headerBytes
  if (bytes.length < headerEnd) throw fail('the BMP header is cut short')

  const width = view.getInt32(18, true)
  const signedHeight = view.getInt32(22, true)
  const height = Math.abs(signedHeight)
  if (width < 1 || height < 1) throw fail(`the BMP header says ${width} x ${signedHeight} pixels`)
  checkSizeOf({ width, height }, maxPixels, name)

  const bits = view.getUint16(28, true)
  const compression = view.getUint32(30, true)
  if (bits !== 8 && bits !== 24 && bits !== 32) throw fail(`BMP files of ${bits} bits a pixel are not supported`)
  const masked = compression === BI_BITFIELDS && bits === 32
  if (compression !== BI_RGB && !masked) throw fail(`compressed BMP files (kind ${compression}) are not supported`)
  if (masked) {
    // The masks follow a header of 40 bytes; in longer headers they are the next fields, so they are at the same place.
    const usual = bytes.length >= 66 && USUAL_MASKS.every((mask, i) => view.getUint32(54 + i * 4, true) === mask)
    if (!usual) throw fail('BMP files with unusual bit fields are not supported')
  }
  let palette: Uint8Array | undefined
  if (bits === 8) {
    const colors = view.getUint32(46, true) || 256
    if (colors > 256) throw fail(`the BMP palette has ${colors} colours, wanted at most 256`)
    if (bytes.length < headerEnd + colors * 4) throw fail('the BMP palette is cut short')
    palette = new Uint8Array(256 * 4)
    palette.set(bytes.subarray(headerEnd, headerEnd + colors * 4))
  }
  const pixelsAt = view.getUint32(10, true)
  const earliest = headerEnd + (palette ? (view.getUint32(46, true) || 256) * 4 : 0)
  if (pixelsAt < earliest) throw fail(`the BMP pixels start at byte ${pixelsAt}, within the header`)
  return { width, height, topDown: signedHeight < 0, bits, pixelsAt, palette }
}
