import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  centerCrop,
  type Filter,
  MAX_PIXELS,
  type Preprocessing,
  preprocess,
  resize,
  resizeShortest,
  VisionError,
} from '../src/index.ts'
import { image, sha256 } from './images.ts'

interface Size {
  width: number
  height: number
}
interface Goldens {
  resizeShortest: (Size & { size: number; result: [number, number]; sha256: string })[]
  centerCrop: (Size & { crop: [number, number]; sha256: string })[]
  preprocess: (Size & Preprocessing & { sha256: string })[]
}
const goldens: Goldens = JSON.parse(readFileSync(new URL('goldens/transforms.json', import.meta.url), 'utf8'))

describe('the bytes are the same as with torchvision', () => {
  test.each(goldens.resizeShortest)('resizeShortest of $width x $height to $size', golden => {
    const { width, height, data } = resizeShortest(image('noise', golden.width, golden.height), golden.size)
    expect({ result: [width, height], sha256: sha256(data) }).toEqual({ result: golden.result, sha256: golden.sha256 })
  })
  test.each(goldens.centerCrop)(
    'centerCrop of $width x $height to $crop',
    ({ width, height, crop, sha256: expected }) => {
      const cropped = centerCrop(image('noise', width, height), ...crop)
      expect([cropped.width, cropped.height, sha256(cropped.data)]).toEqual([...crop, expected])
    },
  )
  test.each(goldens.preprocess)('preprocess of $width x $height to $resize and $crop, $filter', golden => {
    const values = preprocess(image('smooth', golden.width, golden.height), golden)
    expect(values).toHaveLength(golden.crop * golden.crop * 3)
    expect(sha256(new Uint8Array(values.buffer))).toBe(golden.sha256)
  })
})

describe('properties', () => {
  const side = fc.integer({ min: 1, max: 60 })
  const filter = fc.constantFrom<Filter[]>('nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos')

  test('an image of one colour keeps that colour at any size', () => {
    fc.assert(
      fc.property(side, side, side, side, filter, fc.nat(255), (width, height, toWidth, toHeight, filter, value) => {
        const flat = { width, height, data: new Uint8Array(width * height * 3).fill(value) }
        const resized = resize(flat, toWidth, toHeight, filter)
        expect(resized).toEqual({
          width: toWidth,
          height: toHeight,
          data: new Uint8Array(toWidth * toHeight * 3).fill(value),
        })
      }),
    )
  })
  test('resizing to the same size copies', () => {
    fc.assert(
      fc.property(side, side, filter, (width, height, filter) => {
        const original = image('noise', width, height)
        const resized = resize(original, width, height, filter)
        expect(resized).toEqual(original)
        expect(resized.data).not.toBe(original.data)
      }),
    )
  })
  test('cropping a padded image returns the original', () => {
    fc.assert(
      fc.property(side, side, side, side, (width, height, more, evenMore) => {
        const original = image('noise', width, height)
        const padded = centerCrop(original, width + 2 * more, height + 2 * evenMore)
        expect(centerCrop(padded, width, height)).toEqual(original)
      }),
    )
  })
})

describe('errors', () => {
  const small = image('noise', 4, 3)
  const tall = image('noise', 1, 3000)
  const normal: Preprocessing = { resize: 4, crop: 4, filter: 'bilinear', mean: [0, 0, 0], std: [1, 1, 1] }
  test.each<[string, () => unknown, string]>([
    ['a width of 0', () => resize(small, 0, 3), 'got an image size of 0 x 3, wanted whole numbers from 1'],
    ['half a pixel', () => centerCrop(small, 2, 1.5), 'got an image size of 2 x 1.5, wanted whole numbers from 1'],
    [
      'too many pixels',
      () => resize(small, 20_000, 20_000),
      `an image of 20000 x 20000 has more than the allowed ${MAX_PIXELS} pixels`,
    ],
    [
      'too many pixels because of a long side',
      () => resizeShortest(tall, 256),
      `an image of 256 x 768000 has more than the allowed ${MAX_PIXELS} pixels`,
    ],
    [
      'missing bytes',
      () => resize({ width: 4, height: 3, data: new Uint8Array(35) }, 2, 2),
      'image of 4 x 3 has 35 bytes, wanted 36: red, green and blue of each pixel',
    ],
    [
      'an unknown filter',
      () => resize(small, 2, 2, 'cubic' as Filter),
      'unknown filter "cubic" (known: nearest, box, bilinear, hamming, bicubic, lanczos)',
    ],
    [
      'a std of zero',
      () => preprocess(small, { ...normal, std: [1, 0, 1] }),
      'got std 1, 0, 1, wanted three finite numbers above 0, for red, green and blue',
    ],
    [
      'a mean of NaN',
      () => preprocess(small, { ...normal, mean: [0, Number.NaN, 0] }),
      'got mean 0, NaN, 0, wanted three finite numbers, for red, green and blue',
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(VisionError)
    expect(call).toThrow(message)
  })
})
