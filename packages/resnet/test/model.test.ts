import { describe, expect, test } from 'vitest'
import { architecture } from '../src/architectures.ts'
import { loadModel } from '../src/load.ts'
import { Model } from '../src/model.ts'
import { parts } from './parts.ts'

const waves = (n: number, side: number) => Float32Array.from({ length: n * side * side * 3 }, (_, i) => Math.sin(i / 5))

describe('a model', () => {
  test('gives the same logits for an image alone and in a batch', async () => {
    using model = new Model(parts())
    const images = waves(3, 16)
    const together = await model.logits(images, 3)
    const alone = await Promise.all([0, 1, 2].map(i => model.logits(images.slice(i * 768, (i + 1) * 768), 1)))
    expect(together).toHaveLength(6)
    expect([...together]).toEqual(alone.flatMap(logits => [...logits]))
  })

  test('accepts images of any size in any order, with more sizes than it keeps programs', async () => {
    using model = new Model(parts())
    const sides = [8, 16, 24, 32, 8, 16]
    const logits = await Promise.all(sides.map(side => model.logits(waves(1, side), 1)))
    expect(logits[4]).toEqual(logits[0])
    expect(logits[5]).toEqual(logits[1])
    expect(logits[2]).not.toEqual(logits[3])
  })

  test('returns the vector before the classifier', async () => {
    using model = new Model(parts())
    const vector = await model.embed(waves(2, 16), 2)
    expect(vector).toHaveLength(2 * 64)
  })

  test('classifies an image: scores add up to one, and the largest is first', async () => {
    using model = new Model(parts())
    const image = { width: 40, height: 32, data: Uint8Array.from({ length: 40 * 32 * 3 }, (_, i) => (i * 7) % 256) }
    const { predictions, logits } = await model.classify(image)
    expect(predictions).toHaveLength(2)
    const [first, second] = predictions
    expect(first.score + second.score).toBeCloseTo(1, 12)
    expect(logits[first.index]).toBeGreaterThan(logits[second.index])
    expect(first.label).toBe(['left', 'right'][first.index])
    expect(Math.log(first.score / second.score)).toBeCloseTo(logits[first.index] - logits[second.index], 5)
    expect((await model.classify(image, { topk: 1 })).predictions).toEqual([first])
  })

  test.each([1, 2])('finishes its current calls when it is disposed of, on %i threads', async threads => {
    const sides = [8, 16, 24, 8]
    using model = new Model(parts(), { threads })
    const wanted: Float32Array[] = []
    for (const side of sides) wanted.push(await model.logits(waves(1, side), 1))
    const other = new Model(parts(), { threads })
    const calls = sides.map(side => other.logits(waves(1, side), 1))
    other[Symbol.dispose]()
    await expect(other.prepare(1, 8)).rejects.toThrow('tiny was disposed of; load it again')
    expect(await Promise.all(calls)).toEqual(wanted)
  })

  test('explains what is wrong', async () => {
    const model = new Model(parts())
    const image = { width: 1, height: 1, data: new Uint8Array(3) }
    await expect(model.logits(new Float32Array(10), 1)).rejects.toThrow(
      'tiny: got 10 values for 1 images, wanted [n, side, side, 3] with n at least 1',
    )
    await expect(model.logits(new Float32Array(0), 0)).rejects.toThrow(
      'tiny: got 0 values for 0 images, wanted [n, side, side, 3] with n at least 1',
    )
    await expect(model.classify(image, { topk: 0 })).rejects.toThrow('classify: got topk 0, wanted at least 1')
    const broken = new Model(parts(name => (name === 'fc.bias' ? Number.NaN : 1)))
    await expect(broken.classify(image)).rejects.toThrow(
      'tiny gives numbers that are not finite; its weights or the images are damaged',
    )
    model[Symbol.dispose]()
    await expect(model.logits(waves(1, 8), 1)).rejects.toThrow('tiny was disposed of; load it again')
  })
})

test('a batch with more than 642,124 pixels gives the same logits as small batches', async () => {
  using model = await loadModel('cifar10-resnet20')
  const count = 640
  const images = waves(count, 32)
  const together = await model.logits(images, count)
  for (let first = 0; first < count; first += 80) {
    const part = await model.logits(images.slice(first * 3072, (first + 80) * 3072), 80)
    expect(together.slice(first * 10, (first + 80) * 10)).toEqual(part)
  }
})

test('the embedded model gives the same logits on the kernels and on the reference', async () => {
  using model = await loadModel('cifar10-resnet20')
  using reference = await loadModel('cifar10-resnet20', { backend: 'reference' })
  const [logits, wanted] = await Promise.all([model, reference].map(each => each.logits(waves(1, 32), 1)))
  expect(model.architecture).toEqual(architecture('resnet20'))
  expect(model.labels[3]).toBe('cat')
  const largest = Math.max(...wanted.map(Math.abs))
  expect(Math.max(...logits.map((x, i) => Math.abs(x - wanted[i])))).toBeLessThan(1e-5 * largest)
})
