import { describe, expect, test } from 'vitest'
import { decode, encodePng, type RgbImage, svgToPng, VisionError } from '../src/index.ts'

const noise = (width: number, height: number): RgbImage => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i * 31 + (i >> 3)) % 256),
})

describe('encodePng', () => {
  test.each([
    ['one pixel', noise(1, 1)],
    ['a row', noise(257, 1)],
    ['a column', noise(1, 31)],
    ['odd sides', noise(37, 23)],
    // An image that tempts encoders to write a palette or grey.
    ['one colour', { width: 8, height: 8, data: new Uint8Array(192).fill(255) }],
  ])('writes %s that decodes to the same pixels', async (_, image) => {
    const file = await encodePng(image)
    expect([...file.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    const { width, height, data } = await decode(file)
    expect({ width, height, data: Buffer.from(data) }).toEqual({ ...image, data: Buffer.from(image.data) })
  })

  test('refuses an image whose size and data do not fit together', async () => {
    await expect(encodePng({ ...noise(2, 2), width: 3 })).rejects.toThrow(
      new VisionError('image of 3 x 2 has 12 bytes, wanted 18: red, green and blue of each pixel'),
    )
  })
})

describe('svgToPng', () => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="20" height="10" fill="#fff"/><rect x="10" width="10" height="10" fill="#123456"/></svg>`

  test.each([
    [undefined, 20, 10],
    [1, 20, 10],
    [2, 40, 20],
    [0.5, 10, 5],
  ])('draws at the scale %s', async (scale, width, height) => {
    const image = await decode(await svgToPng(svg, { scale }))
    expect([image.width, image.height]).toEqual([width, height])
    const row = Array.from({ length: width }, (_, x) => [...image.data.subarray(3 * x, 3 * x + 3)])
    expect(row).toEqual(row.map((_, x) => (x < width / 2 ? [255, 255, 255] : [0x12, 0x34, 0x56])))
  })

  test.each([0, 11, Number.NaN])('refuses the scale %d', async scale => {
    await expect(svgToPng(svg, { scale })).rejects.toThrow(new VisionError(`got the scale ${scale}, wanted 0.1 to 10`))
  })

  test('refuses a text that is not an SVG', async () => {
    await expect(svgToPng('<svg')).rejects.toThrow(/^cannot draw the SVG \(.+\); is it well-formed\?$/)
  })
})
