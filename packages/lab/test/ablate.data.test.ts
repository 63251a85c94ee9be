import { readFile } from 'node:fs/promises'
import { evaluate, loadModel } from '@residual/resnet'
import { openCifar } from '@residual/vision'
import { expect, test } from 'vitest'
import { ablate } from '../src/index.ts'
import { network } from './networks.ts'

/** The folder with CIFAR-10 and other people's weights; without it these tests fail. */
const data = process.env.RESIDUAL_DATA ?? '../shared/data'
const cifar10 = `${data}/cifar10/cifar-10-binary.tar.gz`

test('a trained residual network survives the loss of most blocks, and swapped neighbours', async () => {
  const [mean, std] = [[0.485, 0.456, 0.406] as const, [0.229, 0.224, 0.225] as const]
  const model = await loadModel(await readFile(`${data}/weights/resnet20-12fca82f.th`), { mean, std })
  const images = await openCifar(cifar10, { split: 'test' })
  const removed = await ablate(model, images, { limit: 1000 })
  expect(removed).toMatchObject({ images: 1000, top1: 0.915 })
  expect(removed.blocks).toHaveLength(9)
  expect(removed.blocks.filter(({ top1 }) => top1 > 0.6).length).toBeGreaterThan(5)
  const swapped = await ablate(model, images, { limit: 1000, damage: 'swap' })
  expect(swapped.blocks.map(({ block }) => block)).toEqual(['layer1.0', 'layer1.1', 'layer2.1', 'layer3.1'])
  expect(swapped.top1).toBe(0.915)
})

// This is here because it is large.
test('networks for ImageNet are ablated too', async () => {
  const model = network('resnet50', { classes: 10 })
  const images = await openCifar(cifar10, { split: 'test' })
  const { blocks, top1 } = await ablate(model, images, { limit: 2 })
  expect(blocks).toHaveLength(16)
  expect(top1).toBe((await evaluate(model, images, { limit: 2 })).top1)
})
