import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { type CifarDataset, loadBatches, openCifar } from '../../src/index.ts'
import { sha256 } from '../images.ts'
import { collect } from './sources.ts'

const data = process.env.RESIDUAL_DATA ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url))
const normalization = { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] } as const
const augment = { padAndCrop: 4, flip: true, cutout: 8, mixup: 0.2 }

describe('CIFAR-10', () => {
  let train: CifarDataset
  beforeAll(async () => {
    train = await openCifar(`${data}/cifar10/cifar-10-binary.tar.gz`, { split: 'train' })
  })

  test('is in memory that workers share', () => {
    expect(train.images.buffer).toBeInstanceOf(SharedArrayBuffer)
  })

  test('has every image except the last few once in an epoch, normalised', async () => {
    const seen = new Uint8Array(train.length)
    const [sums, squares] = [
      [0, 0, 0],
      [0, 0, 0],
    ]
    let count = 0
    for await (const { images, indices, labels, epoch } of loadBatches(train, {
      batch: 128,
      seed: 1,
      ...normalization,
    })) {
      expect(epoch).toBe(0)
      for (const [i, index] of indices.entries()) {
        seen[index]++
        expect(labels[i]).toBe(train.labels[index])
      }
      for (let i = 0; i < images.length; i++) {
        sums[i % 3] += images[i]
        squares[i % 3] += images[i] ** 2
      }
      count += labels.length
    }
    expect(count).toBe(390 * 128)
    expect(seen.filter(times => times === 1)).toHaveLength(count)
    for (const sum of sums) expect(Math.abs(sum / count / 1024)).toBeLessThan(0.005)
    for (const square of squares) expect(Math.abs(square / count / 1024 - 1)).toBeLessThan(0.01)
  })

  test('gives the same bits from any step, with or without a worker', async () => {
    const options = { batch: 128, seed: 5, augment, ...normalization, to: 400 }
    const hash = async (from: number, worker: boolean) =>
      (await collect(loadBatches(train, { ...options, from, worker }))).map(({ images, targets }) =>
        [images, targets].map(({ buffer }) => sha256(new Uint8Array(buffer))).join(),
      )
    const expected = await hash(380, false)
    expect(await hash(380, true)).toEqual(expected)
    expect(await hash(391, true)).toEqual(expected.slice(11))
    expect(expected[0].split(',')).toEqual([
      '6b0f352f9532f9ec9d1fdfef9e6572b9818dc43e3ffbba5bf3b2f09906a497eb',
      '0e796be517f2a87de5bb989b261a2530153f390b1eff1b7b4f9fe1abde616231',
    ])
  })
})
