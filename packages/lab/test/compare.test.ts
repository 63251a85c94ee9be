import type { Model } from '@residual/resnet'
import { expect, test } from 'vitest'
import { compareModels } from '../src/index.ts'
import { network } from './networks.ts'

/** A network that always predicts one class. */
async function always(label: number): Promise<Model> {
  const model = network('resnet8', { classes: 2 })
  const bias = (await model.readParameters()).get('fc.bias')!
  bias.set([0, 0])
  bias[label] = 1e6
  return model
}

const images = (labels: number[]) => ({
  ...{ width: 32, height: 32, classes: ['a', 'b'], length: labels.length, labels: Uint8Array.from(labels) },
  images: new Uint8Array(labels.length * 32 * 32 * 3),
})

/** The p-values are Python's `min(1, 2 * sum(comb(n, k) for k in range(min(lost, gained) + 1)) / 2**n)`. */
test.each([
  { lost: 8, gained: 2, pValue: 0.109375 },
  { lost: 5, gained: 5, pValue: 1 },
  { lost: 5, gained: 0, pValue: 0.0625 },
  { lost: 10, gained: 30, pValue: 0.0022214337732293643 },
  { lost: 1100, gained: 0, pValue: 0 },
])('of $lost images lost and $gained gained', async ({ lost, gained, pValue }) => {
  const data = images([...Array<number>(lost).fill(0), ...Array<number>(gained).fill(1)])
  const count = lost + gained
  expect(await compareModels(await always(0), await always(1), data)).toMatchObject({
    ...{ images: count, top1Before: lost / count, top1After: gained / count, gained, lost },
    pValue: expect.closeTo(pValue, 12),
  })
})

test('a network compared with itself', async () => {
  const data = images([0, 1, 0])
  expect(await compareModels(await always(0), await always(0), data)).toEqual({
    ...{ images: 3, top1Before: 2 / 3, top1After: 2 / 3, gained: 0, lost: 0 },
    ...{ largestDifference: 0, pValue: 1 },
  })
})

test('an unknown option is refused', async () => {
  const options = { images: 3 } as object
  await expect(compareModels(await always(0), await always(1), images([0]), options)).rejects.toThrow(
    'compareModels: got the unknown key "images", wanted some of batch, limit, ignoreNames, onProgress, signal, worker',
  )
})
