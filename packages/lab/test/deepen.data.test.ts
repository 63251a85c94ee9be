import { readFile } from 'node:fs/promises'
import { loadModel } from '@residual/resnet'
import { openCifar } from '@residual/vision'
import { expect, test } from 'vitest'
import { compareModels, deepen } from '../src/index.ts'
import { network, noise } from './networks.ts'

/** The folder with CIFAR-10 and other people's weights; without it these tests fail. */
const data = process.env.RESIDUAL_DATA ?? '../shared/data'

test('a ResNet-20 from PyTorch becomes a ResNet-56 with the same logits and accuracy', async () => {
  const [mean, std] = [[0.485, 0.456, 0.406] as const, [0.229, 0.224, 0.225] as const]
  const model = await loadModel(await readFile(`${data}/weights/resnet20-12fca82f.th`), { mean, std })
  const { model: deeper } = await deepen(model, { depth: 56 })
  const images = await openCifar(`${data}/cifar10/cifar-10-binary.tar.gz`, { split: 'test' })
  expect(await compareModels(model, deeper, images)).toEqual({
    images: 10_000,
    largestDifference: 0,
    top1Before: 0.9173,
    top1After: 0.9173,
    gained: 0,
    lost: 0,
    pValue: 1,
  })
})

// These are here because they are large.
test.each([
  ['resnet18', 34, 64],
  ['resnet18_v2', 34, 64],
  ['resnet50', 101, 64],
  ['resnet50_v1', 101, 64],
  ['resnet50_c', 101, 64],
  ['resnet50_v2', 101, 64],
  ['wide_resnet50_2', 101, 32],
])('%s deepened to %i layers gives the same logits to the last bit', async (name, depth, side) => {
  const model = network(name)
  const { model: deeper } = await deepen(model, { depth })
  expect(deeper.architecture.name).toBe(name.replace(/\d+/, String(depth)))
  const images = noise(2, side)
  expect(await deeper.logits(images, 2)).toEqual(await model.logits(images, 2))
})

test('linear layers between bottlenecks give the same logits to the last bit', async () => {
  const model = network('resnet50')
  const { model: deeper, added } = await deepen(model, { depth: 54, linear: true })
  expect(added).toEqual([1, 2, 3, 4].map(stage => `layer${stage}.linear.0`))
  const images = noise(2, 64)
  expect(await deeper.logits(images, 2)).toEqual(await model.logits(images, 2))
})
