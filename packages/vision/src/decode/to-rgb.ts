/** Converts 16-bit grey to 8-bit RGB as Pillow does: it clips this kind of image, though it scales all other 16-bit images. */
export function grey16ToRgb(grey: Uint16Array): Uint8Array {
  const rgb = new Uint8Array(grey.length * 3)
  for (let i = 0; i < grey.length; i++) rgb.fill(Math.min(grey[i], 255), i * 3, i * 3 + 3)
  return rgb
}

/** Converts 8-bit CMYK to 8-bit RGB as Pillow does, which assumes ideal inks. */
export function cmykToRgb(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / 4) * 3)
  for (let at = 0, pixel = 0; at < rgb.length; at += 3, pixel += 4) {
    const light = 255 - cmyk[pixel + 3]
    for (let i = 0; i < 3; i++) rgb[at + i] = Math.max(0, light - timesFraction(cmyk[pixel + i], light))
  }
  return rgb
}

/** a * b / 255, rounded. */
function timesFraction(a: number, b: number): number {
  const product = a * b + 128
  return ((product >> 8) + product) >> 8
}
