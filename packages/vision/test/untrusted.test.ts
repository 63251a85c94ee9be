import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { DEFAULT_MAX_PIXELS, decode, loadBatches, MAX_PIXELS, readImage, VisionError } from '../src/index.ts'
import { avif, avifOf, headers, join, largePng, svgAfter } from './hostile.ts'

const failure = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => 'decoded',
    error => error,
  )
  expect(error).toBeInstanceOf(VisionError)
  expect(error.message).not.toMatch(/\p{Cc}/u)
  return error.message
}

describe('an SVG is not taken for the format that it imitates', () => {
  const unknown =
    'image: not an image in a known format (JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP); save it as PNG or JPEG'
  test.each([
    ['AVIF within a comment', '<!--ftypavif-->', unknown],
    ['HEIF within a comment', '<!--ftypmif1-->', unknown],
    ['AVIF with an absurd length', '\t\t\t\tftypavif', unknown],
    ['AVIF without a length', '\0\0\0\0ftypavif', unknown],
    ['WebP without an image', 'RIFF<!--WEBP-->', unknown],
    ['GIF without a version', 'GIF8', unknown],
    ['TIFF with another version', 'II+\0', unknown],
    ['a declaration', '<?xml version="1.0"?>', unknown],
    ['spaces', '\n\n  ', unknown],
    ['BMP', 'BM', 'image: unknown BMP header of 1886680168 bytes; save it as PNG'],
  ])('%s', async (_, start, message) => {
    expect(await failure(decode(svgAfter(start)))).toBe(message)
  })

  test.each([
    ['JPEG', '\xff\xd8\xff'],
    ['PNG', '\x89PNG\r\n\x1a\n'],
    ['WebP', 'RIFF<!--WEBPVP8 -->'],
    ['WebP', 'RIFF\xf0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x07\0\0\x07\0\0'],
    ['GIF', 'GIF87a'],
    ['GIF', 'GIF89a'],
    ['TIFF', 'II*\0'],
    ['TIFF', 'MM\0*'],
    ['AVIF', '\0\0\0\x10ftypavif\0\0\0\0'],
    ['AVIF', '\0\0\0\x18ftypmif1\0\0\0\0mif1avif'],
    ['AVIF', '\0\0\0\x10ftypmif1\0\0\0\0'],
  ])('%s: only the decoder of that format sees it', async (format, start) => {
    const file = svgAfter(start)
    expect(await failure(decode(file))).toMatch(
      new RegExp(`^image: cannot decode this ${format} file, it is damaged, cut short or of a rare kind \\(`),
    )
  })
})

describe('refused by name', () => {
  const files: [string, string, () => Uint8Array | Promise<Uint8Array>][] = [
    ['HEIC', 'HEIC files are not read', () => avif([[8, 8]], 'heic\0\0\0\0mif1heic')],
    ['HEIC with mif1 as its first brand', 'HEIC files are not read', () => avif([[8, 8]], 'mif1\0\0\0\0mif1heic')],
    ['JPEG 2000', 'JPEG 2000 files are not read', () => join('\0\0\0\x0cjP  \r\n\x87\n')],
    ['a JPEG 2000 stream', 'JPEG 2000 files are not read', () => join('\xff\x4f\xff\x51\0\x2f')],
    ['JPEG XL', 'JPEG XL files are not read', () => join('\0\0\0\x0cJXL \r\n\x87\n')],
    ['a JPEG XL stream', 'JPEG XL files are not read', () => join('\xff\x0a\0\0')],
    ['HEVC in an AVIF file', 'HEIC files are not read', () => avifOf('hvc1')],
    ['an overlay in an AVIF file', 'HEIF (iovl) files are not read', () => avifOf('iovl')],
    ['items with odd types in an AVIF file', 'HEIF files are not read', () => avifOf('\x9b[2J')],
  ]
  test.each(files)('%s', async (_, what, file) => {
    expect(await failure(decode(await file(), { name: 'a.avif' }))).toBe(`a.avif: ${what}; save it as PNG or JPEG`)
  })
})

describe('more pixels than allowed are refused by the header', () => {
  const [width, height] = [12_000, 9_000]
  test.each(Object.entries(headers))('%s', async (_, file) => {
    expect(await failure(decode(file(width, height)))).toBe(
      `image: 12000 x 9000 are more than the allowed ${DEFAULT_MAX_PIXELS} pixels; shrink it first, or raise maxPixels (--max-pixels)`,
    )
    expect(await failure(decode(file(16_383, 16_383), { maxPixels: MAX_PIXELS }))).toBe(
      `image: 16383 x 16383 are more than the allowed ${MAX_PIXELS} pixels; shrink it first`,
    )
  })

  test.each(Object.entries(headers))('%s with fewer pixels reaches the decoder', async (_, file) => {
    const message = await failure(decode(file(width, height), { maxPixels: width * height }))
    expect(message).toMatch(/cannot decode|cut short/)
  })

  test('even if pixels follow', async () => {
    const bytes = largePng(12_000, 12_000)
    expect(bytes.length).toBeLessThan(25_000)
    expect(await failure(readImage(bytes))).toContain('12000 x 12000 are more than the allowed')
  })

  const files = ['rgb.png', 'rgb.jpg', 'orientation-6.jpg', 'rgb.webp', 'palette.gif', 'rgb.tiff', 'rgb.bmp']
  test.each(files)('%s, exact to the pixel', async name => {
    const url = new URL(`goldens/files/${name}`, import.meta.url)
    expect(await failure(readImage(url, { maxPixels: 37 * 29 - 1 }))).toBe(
      `${url.pathname}: 37 x 29 are more than the allowed 1072 pixels; shrink it first, or raise maxPixels (--max-pixels)`,
    )
    expect((await readImage(url, { maxPixels: 37 * 29 })).data).toHaveLength(37 * 29 * 3)
  })

  describe('in a source of files', () => {
    const files = [readFileSync(new URL('goldens/files/rgb.png', import.meta.url))]
    const first = (maxPixels: number, worker: boolean) =>
      loadBatches(
        { length: 1, classes: ['a'], labels: [0], files, maxPixels },
        { batch: 1, crop: 8, worker, mean: [0, 0, 0], std: [1, 1, 1] },
      ).next()
    test.each([false, true])('with a worker: %s', async worker => {
      expect(await failure(first(1072, worker))).toBe(
        'image 0: 37 x 29 are more than the allowed 1072 pixels; shrink it first, or raise maxPixels (--max-pixels)',
      )
    })
    test('unless maxPixels allows them', async () => {
      expect((await first(1073, false)).value?.images).toHaveLength(8 * 8 * 3)
      expect(() => first(0, false)).toThrow(`got maxPixels 0, wanted a whole number from 1 to ${MAX_PIXELS}`)
    })
  })
})

test.each([
  [{ maxPixels: 0 }, `got maxPixels 0, wanted a whole number from 1 to ${MAX_PIXELS}`],
  [{ maxPixels: 1.5 }, `got maxPixels 1.5, wanted a whole number from 1 to ${MAX_PIXELS}`],
  [{ maxPixels: MAX_PIXELS + 1 }, `got maxPixels ${MAX_PIXELS + 1}, wanted a whole number from 1 to ${MAX_PIXELS}`],
  [{ timeout: 0 }, 'got timeout 0, wanted a whole number of seconds from 1 to 3600'],
  [{ timeout: 0.5 }, 'got timeout 0.5, wanted a whole number of seconds from 1 to 3600'],
  [{ timeout: Number.POSITIVE_INFINITY }, 'got timeout Infinity, wanted a whole number of seconds from 1 to 3600'],
])('the options %j are refused', async (options, message) => {
  expect(await failure(decode(headers.PNG(8, 8), options))).toBe(message)
})
