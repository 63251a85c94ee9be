import { evaluate, type Model } from '@residual/resnet'
import { beforeAll, describe, expect, test } from 'vitest'
import { type RecipeInput, type TrainOptions, train } from '../src/index.ts'
import { images } from './images.ts'

const still = { flip: false, padAndCrop: 0 }
const recipe: RecipeInput = { epochs: 12, batch: 6, schedule: { rate: 0.05 }, augmentation: still }

async function trained(options: TrainOptions): Promise<Model> {
  const training = train({ worker: false, ...options })
  for await (const _ of training);
  return training.model()
}

/** The same images with two classes; the second joins two of the old ones. */
const all = images(24)
const other = { ...all, classes: ['upper', 'other'], labels: Array.from(all.labels, label => Math.min(1, label)) }

describe('fine-tuning', () => {
  let model: Model
  let before: Map<string, Float32Array>
  beforeAll(async () => {
    model = await trained({ arch: 'resnet8', data: all, recipe })
    before = await model.readParameters()
  })

  test('of the classifier leaves everything else unchanged', async () => {
    const tuned = await trained({ model, data: other, only: ['fc'], recipe })
    expect(tuned.labels).toEqual(['upper', 'other'])
    expect(tuned.architecture).toEqual({ ...model.architecture, classes: 2 })
    for (const [name, values] of await tuned.readParameters()) {
      if (!name.startsWith('fc.')) expect(values, name).toEqual(before.get(name))
    }
    expect((await evaluate(tuned, other)).top1).toBe(1)
  })

  test('of some layers leaves the others and their running statistics unchanged', async () => {
    const tuned = await trained({ model, data: all, only: ['layer2.0.bn1', 'layer3'], recipe })
    for (const [name, values] of await tuned.readParameters()) {
      const learns = /^layer(2\.0\.bn1|3)\./.test(name)
      if (learns) expect(values, name).not.toEqual(before.get(name))
      else expect(values, name).toEqual(before.get(name))
    }
    expect((await evaluate(tuned, all)).top1).toBe(1)
  })

  test('of everything changes the layers near the classifier more', async () => {
    const changes: RecipeInput = { epochs: 1, batch: 6, augmentation: still, layerRate: 0.1 }
    const tuned = await trained({ model, data: other, changes })
    const now = await tuned.readParameters()
    const change = (name: string) => {
      const [then, after] = [before, now].map(parameters => parameters.get(name)!)
      return Math.hypot(...after.map((x, i) => x - then[i])) / Math.hypot(...then)
    }
    expect(change('layer3.0.conv2.weight')).toBeGreaterThan(5 * change('layer2.0.conv2.weight'))
    expect(change('layer2.0.conv2.weight')).toBeGreaterThan(5 * change('layer1.0.conv2.weight'))
    expect(change('layer1.0.conv2.weight')).toBeGreaterThan(5 * change('conv1.weight'))
    expect(change('conv1.weight')).toBeGreaterThan(0)
  })

  test.each([
    { classes: ['top', 'left', 'middle'], newClassifier: false },
    { classes: ['Top', ' left', 'MIDDLE'], newClassifier: false },
    { classes: ['left', 'top', 'middle'], newClassifier: true },
    { classes: ['0', '1', '2'], newClassifier: true },
  ])('reports whether the classes $classes need a new classifier', async ({ classes, newClassifier }) => {
    const data = { ...all, classes }
    const training = train({ model, data, worker: false, changes: { batch: 6 }, signal: AbortSignal.abort() })
    for await (const event of training) expect(event).toMatchObject({ kind: 'start', newClassifier })
    const same = (await (await training.model()).readParameters())
      .get('fc.weight')!
      .every((value, i) => value === before.get('fc.weight')![i])
    expect(same).toBe(!newClassifier)
  })

  test('keeps the classifier if the classes are the same, and the preprocessing', async () => {
    const training = train({ model, data: all, worker: false, changes: { batch: 6 }, signal: AbortSignal.abort() })
    for await (const _ of training);
    const same = await training.model()
    expect((await same.readParameters()).get('fc.weight')).toEqual(before.get('fc.weight'))
    expect(same.preprocessing).toEqual(model.preprocessing)
  })
})
