import { describe, expect, it } from 'vitest'
import { decode, encodePng, type Picture, VisionError } from '../src/index.ts'

const noise = (width: number, height: number): Picture => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i * 31 + (i >> 3)) % 256),
})

describe('encodePng', () => {
  it.each([
    ['one pixel', noise(1, 1)],
    ['a row', noise(257, 1)],
    ['a column', noise(1, 31)],
    ['odd sides', noise(37, 23)],
    // Encoders are tempted by it to write a palette or grey.
    ['one colour', { width: 8, height: 8, data: new Uint8Array(192).fill(255) }],
  ])('writes %s that decodes to the same pixels', async (_, picture) => {
    const file = await encodePng(picture)
    expect([...file.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    const { width, height, data } = await decode(file)
    expect({ width, height, data: Buffer.from(data) }).toEqual({ ...picture, data: Buffer.from(picture.data) })
  })

  it('refuses sizes and data that do not fit together', async () => {
    await expect(encodePng({ ...noise(2, 2), width: 3 })).rejects.toThrow(
      new VisionError('picture of 3 x 2 has 12 bytes, wanted 18: red, green and blue of each pixel'),
    )
  })
})
