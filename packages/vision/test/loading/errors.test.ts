import { describe, expect, test } from 'vitest'
import { type LoadOptions, loadBatches, stepsPerEpoch, type TrainingSource, VisionError } from '../../src/index.ts'
import { asBytes, noise } from './sources.ts'

const source = noise(10, 4, 3)
const files: TrainingSource = { length: 1, classes: ['a'], labels: [0], files: ['a.png'] }
const whole = (name: string, value: unknown, least: number) =>
  `got ${name} ${value}, wanted a whole number from ${least}`
const pixels = (name: string, value: unknown) => `got ${name} ${value}, wanted a whole number of pixels from 0 to 65535`

describe('loadBatches refuses at once', () => {
  test.each<[string, object, string]>([
    ['a length of 0', { ...source, length: 0 }, 'got a source of 0 images, wanted at least one'],
    ['missing labels', { ...source, labels: [0] }, 'got 1 labels for 10 images, wanted one for each'],
    [
      'a label without a class',
      { ...source, classes: ['a', 'b'] },
      'image 2 has label 2, wanted 0 to 1, one of the classes',
    ],
    [
      'a label that is not a number',
      { ...source, labels: 'abcabcabca' },
      'image 0 has label a, wanted 0 to 2, one of the classes',
    ],
    [
      'too few bytes',
      { ...source, images: new Uint8Array(359) },
      '10 images of 4 x 3 have 359 bytes, wanted 360: red, green and blue of each pixel',
    ],
    ['no width', { ...source, width: undefined }, 'got an image size of undefined x 3, wanted whole numbers from 1'],
    ['missing files', { ...files, files: [] }, 'got 0 files for 1 images, wanted one for each'],
    [
      'something that is not a file',
      { ...files, files: [new URL('file:///a')] },
      'image 0 is not a file; wanted a path, a Uint8Array or a Blob',
    ],
  ])('a source with %s', (_, source, message) => {
    expect(() => loadBatches(source as TrainingSource, { batch: 2, crop: 2, ...asBytes })).toThrow(
      new VisionError(message),
    )
  })

  test.each<[Record<string, unknown>, string]>([
    [{ batch: 0 }, whole('batch', 0, 1)],
    [{ batch: 2.5 }, whole('batch', 2.5, 1)],
    [{ batch: undefined }, whole('batch', undefined, 1)],
    [{ batch: 11 }, '10 images do not fill a batch of 11; give a smaller batch, or dropLast false'],
    [{ batch: 3, indices: [1, 2] }, '2 images do not fill a batch of 3; give a smaller batch, or dropLast false'],
    [{ seed: -1 }, whole('seed', -1, 0)],
    [{ seed: 0.5 }, whole('seed', 0.5, 0)],
    [{ from: -1 }, whole('from', -1, 0)],
    [{ from: 3, to: 2 }, whole('to', 2, 3)],
    [{ to: Number.NaN }, whole('to', Number.NaN, 0)],
    [{ ahead: 0 }, whole('ahead', 0, 1)],
    [{ indices: [] }, 'got no indices, wanted at least one'],
    [{ indices: [0, 10] }, 'got 10 among the indices, wanted whole numbers from 0 to 9'],
    [{ indices: [0, -1] }, 'got -1 among the indices, wanted whole numbers from 0 to 9'],
    [{ indices: [1.5] }, 'got 1.5 among the indices, wanted whole numbers from 0 to 9'],
    [{ mean: [0, 0] }, 'got mean 0, 0, wanted three finite numbers, for red, green and blue'],
    [{ mean: undefined }, 'got mean undefined, wanted three finite numbers, for red, green and blue'],
    [{ std: [1, 1, 0] }, 'got std 1, 1, 0, wanted three finite numbers above 0, for red, green and blue'],
    [{ crop: 0 }, 'got an image size of 0 x 0, wanted whole numbers from 1'],
    [{ crop: 8, resize: 7.5 }, 'got an image size of 7.5 x 7.5, wanted whole numbers from 1'],
    [{ crop: 10_000 }, 'a batch of 2 images of 10000 x 10000 takes 2400000000 bytes, wanted at most 2147483648'],
    [{ crop: 2, filter: 'cubic' }, 'unknown filter "cubic" (known: nearest, box, bilinear, hamming, bicubic, lanczos)'],
    [{ resize: 8 }, 'resize makes images of many sizes; give crop, the number of pixels of a side for all of them'],
    [
      { augment: { randomResizedCrop: true } },
      'randomResizedCrop makes images of many sizes; give crop, the number of pixels of a side for all of them',
    ],
    [
      { augment: { rotate: 10 } },
      'unknown augmentation "rotate" (known: randomResizedCrop, padAndCrop, flip, cutout, mixup, cutmix)',
    ],
    [{ augment: { padAndCrop: -1 } }, pixels('padAndCrop', -1)],
    [{ augment: { padAndCrop: true } }, pixels('padAndCrop', true)],
    [{ augment: { cutout: 1.5 } }, pixels('cutout', 1.5)],
    [{ augment: { cutout: 65_536 } }, pixels('cutout', 65_536)],
    [{ augment: { flip: 0.5 } }, 'got flip 0.5, wanted true or false'],
    [{ augment: { mixup: -1 } }, 'got mixup -1, wanted alpha, a number from 0'],
    [{ augment: { cutmix: 'a' } }, 'got cutmix a, wanted alpha, a number from 0'],
    [
      { crop: 2, augment: { randomResizedCrop: 2 } },
      'got randomResizedCrop 2, wanted true, false, or an object with scale and ratio',
    ],
    [
      { crop: 2, augment: { randomResizedCrop: { scale: [1, 0.5] } } },
      "got randomResizedCrop's scale 1,0.5, wanted two numbers above 0, the smaller first",
    ],
    [
      { crop: 2, augment: { randomResizedCrop: { ratio: [0, 1] } } },
      "got randomResizedCrop's ratio 0,1, wanted two numbers above 0, the smaller first",
    ],
    [
      { crop: 2, augment: { randomResizedCrop: { ratio: 1 } } },
      "got randomResizedCrop's ratio 1, wanted two numbers above 0, the smaller first",
    ],
  ])('%j', (wrong, message) => {
    const options = { batch: 2, ...asBytes, ...wrong } as unknown as LoadOptions
    expect(() => loadBatches(source, options)).toThrow(new VisionError(message))
  })

  test('files without crop', () => {
    const message = 'files hold images of many sizes; give crop, the number of pixels of a side for all of them'
    expect(() => loadBatches(files, { batch: 1, ...asBytes })).toThrow(new VisionError(message))
  })

  test('a batch that is too large, as stepsPerEpoch does', () => {
    expect(() => stepsPerEpoch({ length: 3 }, { batch: 4 })).toThrow(
      new VisionError('3 images do not fill a batch of 4; give a smaller batch, or dropLast false'),
    )
  })
})

test('of several images that cannot be read, the first in order is reported', async () => {
  const files = ['missing.png', new Uint8Array([1, 2, 3])]
  const source: TrainingSource = { length: 2, classes: ['a'], labels: [0, 0], files }
  const batches = loadBatches(source, { batch: 2, crop: 2, shuffle: false, worker: false, ...asBytes })
  await expect(batches.next()).rejects.toThrow(/^missing\.png: /)
})
