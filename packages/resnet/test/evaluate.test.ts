import { batchOf, type CifarDataset, cifar10Classes } from '@residual/vision'
import { describe, expect, test } from 'vitest'
import { type EvaluateOptions, evaluate } from '../src/evaluate.ts'
import { Model } from '../src/model.ts'
import { parts } from './parts.ts'

/** Seven images of stripes and noise, with labels that no network would predict. */
const dataset: CifarDataset = {
  name: 'cifar10',
  length: 7,
  width: 32,
  height: 32,
  classes: cifar10Classes,
  labels: Uint8Array.from([0, 1, 2, 3, 3, 9, 5]),
  images: Uint8Array.from({ length: 7 * 3072 }, (_, i) => (i * i * 31 + (i >> 10) * 50) % 256),
}

const model = new Model(parts(undefined, [...cifar10Classes]))

/** The rank of each image's label among its logits, the predicted classes, and the mean cross-entropy. */
async function expected(count: number): Promise<{ ranks: number[]; guesses: number[]; loss: number }> {
  const logits = await model.logits(batchOf(dataset, 0, count, model.preprocessing).images, count)
  const [ranks, guesses]: [number[], number[]] = [[], []]
  let loss = 0
  for (let i = 0; i < count; i++) {
    const row = [...logits.slice(i * 10, i * 10 + 10)]
    const order = row.map((_, j) => j).sort((a, b) => row[b] - row[a])
    ranks.push(order.indexOf(dataset.labels[i]))
    guesses.push(order[0])
    loss -= Math.log(Math.exp(row[dataset.labels[i]]) / row.reduce((sum, x) => sum + Math.exp(x), 0)) / count
  }
  return { ranks, guesses, loss }
}

describe('evaluate', () => {
  test.each([
    { batch: 3, limit: 7 },
    { batch: 100, limit: 7 },
    { batch: 2, limit: 4 },
    { batch: 1, limit: 1 },
  ])('counts over $limit images in batches of $batch', async ({ batch, limit }) => {
    const progress: [number, number][] = []
    const onProgress = (done: number, total: number) => progress.push([done, total])
    const { images, top1, top5, loss, confusion, seconds } = await evaluate(model, dataset, {
      batch,
      limit,
      onProgress,
    })
    const wanted = await expected(limit)
    expect(images).toBe(limit)
    expect(top1).toBe(wanted.ranks.filter(rank => rank === 0).length / limit)
    expect(top5).toBe(wanted.ranks.filter(rank => rank < 5).length / limit)
    expect(loss).toBeCloseTo(wanted.loss, 5)
    expect(seconds).toBeGreaterThan(0)
    const counts = cifar10Classes.map(() => cifar10Classes.map(() => 0))
    wanted.guesses.forEach((guess, i) => {
      counts[dataset.labels[i]][guess]++
    })
    expect(confusion).toEqual(counts)
    expect(progress).toHaveLength(Math.ceil(limit / batch))
    expect(progress.at(-1)).toEqual([limit, limit])
  })

  test('a limit above the length evaluates all images', async () => {
    expect((await evaluate(model, dataset, { limit: 1000 })).images).toBe(7)
  })

  test('resizes images for the model', async () => {
    const { preprocessing, ...rest } = parts(undefined, [...cifar10Classes])
    const larger = { ...preprocessing, resize: 48, crop: 40 }
    const one = { ...dataset, length: 1, labels: dataset.labels.slice(0, 1), images: dataset.images.slice(0, 3072) }
    const model = new Model({ ...rest, preprocessing: larger })
    const { loss } = await evaluate(model, one)
    const { logits } = await model.classify({ width: 32, height: 32, data: one.images })
    const total = logits.reduce((sum, x) => sum + Math.exp(x), 0)
    expect(loss).toBeCloseTo(Math.log(total) - logits[one.labels[0]], 5)
  })

  test('stops when the signal is aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(evaluate(model, dataset, { batch: 2, signal })).rejects.toThrow('enough')
  })

  test('explains what is wrong', async () => {
    await expect(evaluate(model, dataset, { batch: 0 })).rejects.toThrow(
      'evaluate: got batch 0, wanted a whole number of at least 1',
    )
    await expect(evaluate(model, dataset, { limit: 1.5 })).rejects.toThrow(
      'evaluate: got limit 1.5, wanted a whole number of at least 1',
    )
    await expect(evaluate(model, dataset, { size: 1 } as EvaluateOptions)).rejects.toThrow(
      'evaluate: got the unknown key "size", wanted some of batch, limit, ignoreNames, onProgress, signal, worker',
    )
    await expect(evaluate(new Model(parts()), dataset)).rejects.toThrow('tiny has 2 classes, the images have 10')
  })
})
