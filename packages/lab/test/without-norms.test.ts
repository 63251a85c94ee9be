import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { graphOf, input } from '@residual/core'
import { architecture, evaluate, loadModel, Model, resnet, summarize, untrainedModel } from '@residual/resnet'
import { train } from '@residual/train'
import { drawShapes } from '@residual/vision'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { images } from '../../train/test/images.ts'
import { ablate, deepen, diagramOf } from '../src/index.ts'
import { network, noise } from './networks.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-without-norms-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A model with some parameters changed. */
async function changed(model: Model, change: (name: string, x: Float32Array) => Float32Array): Promise<Model> {
  const { name, architecture, labels, preprocessing } = model
  const values = [...(await model.readParameters())].map(([key, x]): [string, Float32Array] => [key, change(key, x)])
  return new Model({ name, architecture, labels, preprocessing, parameters: new Map(values) })
}

async function differenceOf(a: Model, b: Model): Promise<number> {
  const images = noise(2, 32)
  const [before, after] = [await a.logits(images, 2), await b.logits(images, 2)]
  const largest = Math.max(...before.map(Math.abs))
  return before.reduce((most, x, i) => Math.max(most, Math.abs(x - after[i])), 0) / largest
}

test.each([
  ['resnet8_nobn', 'resnet8_nobn'],
  ['plain8_nobn', 'resnet8_nobn'],
  ['resnet8_v2_nobn', 'resnet8_nobn'],
])('%s is trained, saved and loaded', async (arch, inferred) => {
  const out = join(folder, arch)
  const augmentation = { padAndCrop: 0, flip: false }
  const recipe = { epochs: 8, batch: 12, schedule: { rate: 0.01 }, augmentation, ema: 0.9 }
  const training = train({ arch, data: images(12), recipe, out, worker: false })
  const losses: number[] = []
  for await (const event of training) if (event.kind === 'step') losses.push(event.loss)
  expect(losses).toHaveLength(8)
  expect(losses.at(-1)).toBeLessThan(losses[0])
  const trained = await training.model()
  const loaded = await loadModel(out)
  expect(loaded.architecture).toEqual({ ...architecture(arch), classes: 3 })
  expect(await loaded.logits(noise(1, 8), 1)).toEqual(await trained.logits(noise(1, 8), 1))
  const alone = await loadModel(join(out, 'model.safetensors'))
  expect(alone.architecture).toEqual({ ...architecture(inferred), classes: 3 })
})

describe('deepened without batch norms, a network gives the same logits', () => {
  test.each(['resnet8_nobn', 'resnet8_c_nobn', 'resnet8_b_v2_nobn'])('%s to the last bit', async name => {
    const model = network(name)
    const { model: deeper, added } = await deepen(model, { depth: 14 })
    expect(deeper.architecture.name).toBe(name.replace('8', '14'))
    expect(added).toEqual(['layer1.1', 'layer2.1', 'layer3.1'])
    // Shortcut C of a new block is a convolution, which rounds.
    expect(await differenceOf(model, deeper)).toBeLessThan(name.includes('_c') ? 1e-6 : 1e-30)
  })

  test('plain8_nobn except for rounding', async () => {
    const model = network('plain8_nobn')
    const { model: deeper } = await deepen(model, { depth: 14, images: { images: noise(2, 32), n: 2 } })
    expect(await differenceOf(model, deeper)).toBeLessThan(1e-5)
  })
})

test.each(['resnet14_nobn', 'resnet14_v2_nobn'])('blocks of %s are removed', async name => {
  const model = network(name)
  const data = { ...drawShapes({ split: 'test', length: 6 }), classes: model.labels }
  const { blocks } = await ablate(model, data, { worker: false })
  expect(blocks).toHaveLength(6)
  for (const { block, top1, loss } of blocks) {
    const without = await changed(model, (key, values) =>
      key.startsWith(`${block}.conv2.`) ? values.map(() => 0) : values,
    )
    const expected = await evaluate(without, data, { worker: false })
    expect({ top1, loss }).toEqual({ top1: expected.top1, loss: expect.closeTo(expected.loss, 3) })
  }
})

test.each(['resnet20_nobn', 'plain20_nobn', 'resnet50_v2_nobn'])(
  'the diagram of %s has the numbers of its summary',
  name => {
    const arch = architecture(name)
    const summary = summarize(arch)
    const side = arch.inputSize
    const { params, macs, boxes } = diagramOf(graphOf([resnet(arch, input('images', [1, side, side, 3])).logits]), {
      name,
    })
    expect({ params, macs }).toEqual({ params: summary.params, macs: summary.macs })
    expect(boxes.filter(box => box.kind === 'normalisation')).toEqual([])
  },
)

test('a hundred untrained layers do not grow to infinity', async () => {
  const logits = await untrainedModel(architecture('resnet110_nobn')).logits(noise(1, 32), 1)
  expect(logits.every(value => Math.abs(value) < 1e12)).toBe(true)
})
