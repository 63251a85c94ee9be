import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchOf, cifar10Classes, type LoadOptions, loadBatches, stepsPerEpoch } from '../../src/index.ts'
import { sha256 } from '../images.ts'
import { asBytes, collect, noise } from './sources.ts'

const here = { ...asBytes, worker: false }

describe('batches have the images of', () => {
  const indices = async (length: number, options: Partial<LoadOptions>) =>
    (await collect(loadBatches(noise(length), { batch: 4, ...here, ...options }))).map(batch => [...batch.indices])

  test.each<[string, number, Partial<LoadOptions>, number[][]]>([
    [
      'an epoch in order, the last batch smaller',
      10,
      { shuffle: false },
      [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9],
      ],
    ],
    [
      'an epoch without the last batch',
      10,
      { shuffle: false, dropLast: true },
      [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
      ],
    ],
    ['a source smaller than a batch', 3, { shuffle: false }, [[0, 1, 2]]],
    [
      'one epoch and the next',
      6,
      { shuffle: false, from: 1, to: 4 },
      [
        [4, 5],
        [0, 1, 2, 3],
        [4, 5],
      ],
    ],
    [
      'the rest of a later epoch',
      10,
      { shuffle: false, from: 4 },
      [
        [4, 5, 6, 7],
        [8, 9],
      ],
    ],
    [
      'a later epoch',
      10,
      { shuffle: false, from: 6 },
      [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9],
      ],
    ],
    ['some indices', 10, { shuffle: false, indices: [7, 3, 9, 3, 0], to: 3 }, [[7, 3, 9, 3], [0], [7, 3, 9, 3]]],
    ['no steps', 10, { from: 2, to: 2 }, []],
    [
      'shuffled epochs',
      10,
      { to: 4 },
      [
        [8, 3, 9, 5],
        [4, 6, 1, 7],
        [8, 6, 3, 1],
        [4, 9, 7, 2],
      ],
    ],
    [
      'an epoch shuffled by another seed',
      10,
      { seed: 1, dropLast: false },
      [
        [5, 7, 0, 4],
        [9, 6, 2, 8],
        [3, 1],
      ],
    ],
    [
      'some indices, shuffled',
      10,
      { indices: [1, 3, 5, 7, 9], dropLast: false, to: 4 },
      [[7, 1, 9, 3], [5], [7, 3, 9, 5], [1]],
    ],
  ])('%s', async (_, length, options, expected) => {
    expect(await indices(length, options)).toEqual(expected)
  })

  test('every epoch, each image once and in a different order', async () => {
    const orders = (await indices(12, { batch: 12, to: 20 })).map(order => order.join())
    expect(new Set(orders).size).toBe(20)
    for (const order of orders) {
      expect(
        order
          .split(',')
          .map(Number)
          .sort((a, b) => a - b),
      ).toEqual(Array.from({ length: 12 }, (_, i) => i))
    }
  })

  test.each<[number, Parameters<typeof stepsPerEpoch>[1], number]>([
    [50_000, { batch: 128 }, 390],
    [50_000, { batch: 128, dropLast: false }, 391],
    [50_000, { batch: 128, shuffle: false }, 391],
    [50_000, { batch: 128, shuffle: false, dropLast: true }, 390],
    [50_000, { batch: 128, indices: Int32Array.from({ length: 256 }, (_, i) => i) }, 2],
    [10, { batch: 10 }, 1],
  ])('as many batches as stepsPerEpoch says, case %#', (length, options, expected) => {
    expect(stepsPerEpoch({ length }, options)).toBe(expected)
  })
})

describe('a batch', () => {
  test('has images, targets, labels and the indices of the images', async () => {
    const source = noise(7, 5, 4)
    const normalization = { mean: [0.5, 0.25, 0], std: [0.5, 0.25, 2] } as const
    const [first, second] = await collect(
      loadBatches(source, { batch: 4, shuffle: false, worker: false, ...normalization }),
    )
    const { images, ...rest } = first
    expect(rest).toEqual({
      step: 0,
      epoch: 0,
      labels: Int32Array.of(0, 1, 2, 0),
      targets: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0),
      indices: Int32Array.of(0, 1, 2, 3),
    })
    expect(images).toHaveLength(4 * 60)
    for (const [i, value] of images.entries()) {
      const expected = (source.images[i] / 255 - normalization.mean[i % 3]) / normalization.std[i % 3]
      expect(Math.abs(value - expected)).toBeLessThan(1e-6)
    }
    expect([second.step, second.epoch, second.images.length]).toEqual([1, 0, 3 * 60])
    expect(second.labels).toEqual(Int32Array.of(1, 2, 0))
  })

  test('for evaluation equals the result of batchOf', async () => {
    const source = { ...noise(6, 32), name: 'cifar10', classes: cifar10Classes } as const
    const dataset = { ...source, labels: Uint8Array.of(0, 1, 2, 3, 4, 5) }
    const preprocessing = {
      resize: 32,
      crop: 32,
      filter: 'bilinear',
      mean: [0.4, 0.5, 0.6],
      std: [0.2, 0.3, 0.2],
    } as const
    const [batch] = await collect(loadBatches(dataset, { batch: 6, shuffle: false, worker: false, ...preprocessing }))
    expect(batch.images).toEqual(batchOf(dataset, 0, 6, preprocessing).images)
  })
})

const everything: LoadOptions = {
  ...asBytes,
  batch: 5,
  seed: 9,
  crop: 12,
  to: 14,
  augment: {
    randomResizedCrop: { scale: [0.2, 1] },
    padAndCrop: 2,
    flip: true,
    cutout: 4,
    mixup: 0.4,
    cutmix: 1,
  },
}

describe('the batches are the same', () => {
  const source = noise(23, 16, 20)
  const uninterrupted = collect(loadBatches(source, { ...everything, worker: false }))

  test('as in earlier versions', async () => {
    const batches = await uninterrupted
    expect(batches.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3])
    const bytes = batches.flatMap(({ images, targets }) =>
      [images, targets].map(({ buffer }) => new Uint8Array(buffer)),
    )
    expect(sha256(new Uint8Array(Buffer.concat(bytes)))).toBe(
      '7a9c65d7ae2f3378bac0d68709c61552b6d720eaeeca85e9624b3231091ecdd0',
    )
  })

  test.each([1, 3, 4, 7, 13, 14])('when the loop starts at step %d', async from => {
    const batches = await collect(loadBatches(source, { ...everything, worker: false, from }))
    expect(batches).toEqual((await uninterrupted).slice(from))
  })

  test('from a worker, with shared memory, with a part of a larger array, and with labels in an array', async () => {
    const expected = (await uninterrupted).slice(3)
    const shared = new Uint8Array(new SharedArrayBuffer(source.images.length))
    shared.set(source.images)
    const padded = new Uint8Array(source.images.length + 7)
    padded.set(source.images, 7)
    const sources = [
      source,
      { ...source, images: shared },
      { ...source, images: padded.subarray(7), labels: [...(noise(23).labels as Uint8Array)] },
    ]
    for (const source of sources) {
      const before = source.images.slice()
      expect(await collect(loadBatches(source, { ...everything, from: 3 }))).toEqual(expected)
      expect(source.images).toEqual(before)
    }
  })

  test('image by image in batches of another size', async () => {
    const { mixup: _, cutmix: __, ...augment } = everything.augment ?? {}
    const options = { ...everything, augment, worker: false }
    const epoch = async (batch: number) =>
      (await collect(loadBatches(source, { ...options, batch, dropLast: false, to: Math.ceil(23 / batch) }))).flatMap(
        batch => [...batch.images],
      )
    expect(await epoch(23)).toEqual(await epoch(4))
  })

  test('when two loops run at the same time', async () => {
    const two = [0, 1].map(seed => collect(loadBatches(source, { ...everything, seed, to: 6, worker: false })))
    const [a, b] = await Promise.all(two)
    expect(a).not.toEqual(b)
    expect(a).toEqual(await collect(loadBatches(source, { ...everything, seed: 0, to: 6, worker: false })))
  })
})

test('batches have the documented shapes for any sizes and options', async () => {
  const property = fc.asyncProperty(
    fc.record({
      length: fc.integer({ min: 1, max: 20 }),
      width: fc.integer({ min: 1, max: 9 }),
      height: fc.integer({ min: 1, max: 9 }),
    }),
    fc.record({
      batch: fc.integer({ min: 1, max: 9 }),
      seed: fc.maxSafeInteger().map(Math.abs),
      crop: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
      padAndCrop: fc.nat(12),
      cutout: fc.nat(12),
      flip: fc.boolean(),
      cutmix: fc.double({ min: 0, max: 4, noNaN: true }),
      mixup: fc.double({ min: 0, max: 4, noNaN: true }),
    }),
    async ({ length, width, height }, { batch, seed, crop, ...augment }) => {
      const source = noise(length, width, height)
      const randomResizedCrop = crop !== undefined && seed % 2 === 0
      const options = { ...here, batch, seed, crop, dropLast: false, augment: { ...augment, randomResizedCrop } }
      const batches = await collect(loadBatches(source, options))
      expect(batches).toHaveLength(Math.ceil(length / batch))
      for (const { images, targets, labels } of batches) {
        expect(images).toHaveLength(labels.length * (crop ? crop * crop : width * height) * 3)
        expect(images.every(value => value >= 0 && value < 255.001)).toBe(true)
        for (let i = 0; i < labels.length; i++) {
          const sum = targets.subarray(i * 3, (i + 1) * 3).reduce((sum, x) => sum + x)
          expect(Math.abs(sum - 1)).toBeLessThan(1e-6)
        }
      }
    },
  )
  await fc.assert(property, { numRuns: 60 })
})
