/** Pixels as a file holds them: interleaved channels, alpha last. */
export interface RawPixels {
  readonly width: number
  readonly height: number
  readonly space: 'grey' | 'rgb' | 'cmyk'
  readonly channels: number
  readonly data: Uint8Array | Uint16Array
}

/**
 * 8-bit RGB as Pillow's `convert('RGB')` makes it: alpha is dropped and nothing composited, of 16 bits the high 8 are
 * kept, grey is repeated, and CMYK is taken for ideal inks.
 */
export function toRgb({ width, height, space, channels, data }: RawPixels): Uint8Array {
  if (space === 'rgb' && channels === 3 && data instanceof Uint8Array) return data
  const rgb = new Uint8Array(width * height * 3)
  const byteAt = byteReader(space, channels, data)
  for (let at = 0, pixel = 0; at < rgb.length; at += 3, pixel += channels) {
    if (space === 'grey') {
      rgb.fill(byteAt(pixel), at, at + 3)
    } else if (space === 'rgb') {
      rgb[at] = byteAt(pixel)
      rgb[at + 1] = byteAt(pixel + 1)
      rgb[at + 2] = byteAt(pixel + 2)
    } else {
      const light = 255 - byteAt(pixel + 3)
      for (let i = 0; i < 3; i++) rgb[at + i] = Math.max(0, light - timesFraction(byteAt(pixel + i), light))
    }
  }
  return rgb
}

function byteReader(space: string, channels: number, data: Uint8Array | Uint16Array): (at: number) => number {
  if (data instanceof Uint8Array) return at => data[at]
  // Pillow clips 16-bit grey, though it scales every other kind of 16-bit picture, grey with alpha among them.
  if (space === 'grey' && channels === 1) return at => Math.min(data[at], 255)
  return at => data[at] >> 8
}

/** a * b / 255, rounded. */
function timesFraction(a: number, b: number): number {
  const product = a * b + 128
  return ((product >> 8) + product) >> 8
}
