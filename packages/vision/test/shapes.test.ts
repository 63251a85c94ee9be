import { createHash } from 'node:crypto'
import { drawShapes, type ShapesOptions, VisionError } from '@residual/vision'
import { expect, test } from 'vitest'

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 16)

test('images and labels have the same bytes in every engine', () => {
  const { images, labels, ...rest } = drawShapes({ split: 'train', length: 1000 })
  expect(rest).toEqual({
    name: 'shapes',
    length: 1000,
    width: 32,
    height: 32,
    classes: ['circle', 'triangle', 'square', 'pentagon', 'star', 'cross', 'heart', 'crescent', 'arrow', 'drop'],
  })
  expect([...labels.subarray(0, 10)]).toEqual([4, 9, 6, 0, 2, 3, 8, 5, 7, 1])
  expect(images).toHaveLength(1000 * 32 * 32 * 3)
  expect(hash(images)).toBe('28987e6bac09bbb8')
})

test('an image depends only on the seed, the split and its index', () => {
  const all = drawShapes({ split: 'test', length: 105, seed: 7 })
  const some = drawShapes({ split: 'test', length: 33, seed: 7 })
  expect(all.images.subarray(0, some.images.length)).toEqual(some.images)
  expect(all.labels.subarray(0, 33)).toEqual(some.labels)
  const others: ShapesOptions[] = [
    { split: 'test', length: 105, seed: 8 },
    { split: 'train', length: 105, seed: 7 },
  ]
  const images = [all, ...others.map(drawShapes)].flatMap(({ images }) =>
    Array.from({ length: 105 }, (_, i) => hash(images.subarray(i * 3072, (i + 1) * 3072))),
  )
  expect(new Set(images).size).toBe(3 * 105)
})

test('every ten successive images have each class once, in different orders', () => {
  const { labels } = drawShapes({ split: 'train', length: 500 })
  const orders = Array.from({ length: 50 }, (_, i) => [...labels.subarray(10 * i, 10 * i + 10)])
  for (const order of orders) expect(order.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(new Set(orders.map(String)).size).toBe(50)
})

test('there are as many images as in CIFAR by default', () => {
  expect(drawShapes({ split: 'test' })).toMatchObject({ length: 10_000 })
})

test.each([
  [{ split: 'val' as 'test' }, 'unknown split val (known: test, train)'],
  [{ split: 'test', length: 0 }, 'got 0 shapes to draw, wanted a whole number from 1 to 699050'],
  [{ split: 'test', length: 2.5 }, 'got 2.5 shapes to draw, wanted a whole number from 1 to 699050'],
  [{ split: 'test', length: 1e9 }, 'got 1000000000 shapes to draw, wanted a whole number from 1 to 699050'],
  [{ split: 'test', seed: 0.5 }, 'got 0.5 as seed or key of random numbers, wanted a whole number up to 2^53'],
] as const)('%j is an error', (options, message) => {
  expect(() => drawShapes(options)).toThrow(new VisionError(message))
})
