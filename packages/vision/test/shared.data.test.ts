import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { openCifar, readImage } from '../src/index.ts'
import { sha256 } from './images.ts'

const data = process.env.RESIDUAL_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))

/** The hashes come from NumPy arrays: labels, and images after reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1). */
describe('CIFAR-10 from its archive', () => {
  test.each([
    [
      'test',
      10_000,
      'cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5',
      'f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04',
    ],
    [
      'train',
      50_000,
      '2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253',
      '47af8b02cfcfb6cdf3dbbd1969ad7f1b70f4413f6f80f437b020ee4e5bc8304a',
    ],
  ] as const)('%s', async (split, length, labels, images) => {
    const dataset = await openCifar(`${data}/cifar10/cifar-10-binary.tar.gz`, { split })
    expect([dataset.name, dataset.length]).toEqual(['cifar10', length])
    const histogram = dataset.classes.map((_, label) => dataset.labels.reduce((n, x) => n + (x === label ? 1 : 0), 0))
    expect(histogram).toEqual(Array(10).fill(length / 10))
    expect([sha256(dataset.labels), sha256(dataset.images)]).toEqual([labels, images])
  })
})

describe('photos have the same pixels as with Pillow', () => {
  test.each([
    ['cat_chelsea.png', 451, 300],
    ['coffee.png', 600, 400],
    ['coral_grace_hopper.bmp', 512, 600],
    ['rocket.jpg', 640, 427],
    ['rten_horses.jpeg', 1280, 960],
  ])('%s', async (name, width, height) => {
    const image = await readImage(`${data}/photos/${name}`)
    expect([image.width, image.height, sha256(image.data)]).toEqual([width, height, hashes[name]])
  })
})

/** SHA-256 of numpy.asarray(PIL.Image.open(name).convert('RGB')), Pillow 13.0.0. */
const hashes: Record<string, string> = {
  'cat_chelsea.png': '416b729128bfb2c3d1eb69bf9b1734a796293abc17939267b2dc94f8a5784031',
  'coffee.png': '0ce2b51640b9c95f19617f03eabf40c3f0368589cc1ee1190b70966165ac184f',
  'coral_grace_hopper.bmp': 'a3a89e1d9f138a6e348278bf487d02a4326c66c8850b817f3769a21b2a13b1e8',
  'rocket.jpg': '3d4435cc745752b7f9724df88c6e18817de3ce7e3d2d71c55f85f7831e68f197',
  'rten_horses.jpeg': '1af9a894749383647ee36f73a8b8ac0124b4fcadfece29371d75f8ce32ff825c',
}
