import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArchitectureError } from '@residual/core'
import { architecture, loadModel, Model, ModelError, saveModel } from '@residual/resnet'
import { train } from '@residual/train'
import { drawShapes } from '@residual/vision'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ablate, type DeepenOptions, deepen, movementOf, type Places } from '../src/index.ts'
import { network, noise } from './networks.ts'

/** The largest difference between the logits of two networks on the same images. */
async function difference(a: Model, b: Model, side: number): Promise<number> {
  const images = noise(3, side)
  const [before, after] = [await a.logits(images, 3), await b.logits(images, 3)]
  return before.reduce((largest, x, i) => Math.max(largest, Math.abs(x - after[i])), 0)
}

const span = (stage: number, ...numbers: number[]) => numbers.map(i => `layer${stage}.${i}`)

describe('a deepened residual network gives the same logits to the last bit', () => {
  test.each([
    ['resnet8', 20, 32],
    ['resnet20', 56, 32],
    ['resnet8_b', 14, 32],
    ['resnet8_c', 20, 32],
    ['resnet8_v2', 20, 32],
    ['resnet8_b_v2', 14, 32],
    ['seresnet8', 14, 32],
    ['seresnet8_v2_silu_maxpool', 14, 32],
  ])('%s to %i layers', async (name, depth, side) => {
    const model = network(name)
    const { model: deeper, added } = await deepen(model, { depth })
    expect(deeper.architecture.name).toBe(name.replace(/\d+/, String(depth)))
    const blocks = ({ architecture: { layers } }: Model) => layers.reduce((a, b) => a + b)
    expect(added).toHaveLength(blocks(deeper) - blocks(model))
    expect(await difference(model, deeper, side)).toBe(0)
  })

  test('with a number of classes that is not the default', async () => {
    const model = network('resnet8', { classes: 3 })
    const { model: deeper } = await deepen(model, { depth: 14 })
    expect(deeper.labels).toEqual(['class 0', 'class 1', 'class 2'])
    expect(await difference(model, deeper, 32)).toBe(0)
  })
})

describe('a deepened plain network gives the same logits', () => {
  /** On the reference backend, which multiplies by the weights themselves. */
  const onReference = ({ name, architecture, labels, preprocessing, parameters }: Model) =>
    new Model({ name, architecture, labels, preprocessing, parameters }, { backend: 'reference' })

  test.each([
    ['without images', undefined],
    ['with statistics of images', { images: noise(4, 32), n: 4 }],
  ])('%s', async (_, images) => {
    const model = network('plain8')
    const { model: deeper, added } = await deepen(model, { depth: 14, images })
    expect(added).toEqual(['layer1.1', 'layer2.1', 'layer3.1'])
    expect(await difference(onReference(model), onReference(deeper), 32)).toBe(0)
    // The kernels' Winograd convolution rounds.
    const largest = Math.max(...(await model.logits(noise(3, 32), 3)).map(Math.abs))
    expect((await difference(model, deeper, 32)) / largest).toBeLessThan(1e-5)
  })

  test('and, with statistics of images, its new blocks change little in training', async () => {
    const data = drawShapes({ split: 'train', length: 8 })
    /** A training that changes only the running statistics. */
    const still = (model: Model, epochs: number) => {
      const augmentation = { padAndCrop: 0, flip: false }
      const recipe = { epochs, batch: 8, augmentation, schedule: { kind: 'constant', rate: 0 } } as const
      return train({ model, data: { ...data, classes: model.labels }, recipe, worker: false })
    }
    /** The loss when batch norms use the statistics of the batch. */
    const lossInTraining = async (model: Model) => {
      for await (const event of still(model, 1)) if (event.kind === 'step') return event.loss
      return Number.NaN
    }
    // After this, the running statistics are those of the data, as in a trained network.
    const settling = still(network('plain8'), 120)
    for await (const _ of settling);
    const model = await settling.model()
    const { mean, std } = model.preprocessing
    const images = Float32Array.from(data.images, (byte, i) => (byte / 255 - mean[i % 3]) / std[i % 3])
    const loss = await lossInTraining(model)
    const change = async (images?: DeepenOptions['images']) =>
      Math.abs((await lossInTraining((await deepen(model, { depth: 14, images })).model)) - loss)
    expect(await change({ images, n: 8 })).toBeLessThan((await change()) / 20)
  })
})

describe('a network with added linear layers gives the same logits to the last bit', () => {
  test.each([
    ['resnet8', 44, 'resnet8_linear36', 12],
    ['plain8', 44, 'plain8_linear36', 12],
    ['resnet8_b', 13, 'resnet8_b_linear5', 2],
    ['plain8_nobn', 9, 'plain8_nobn_linear1', 1],
  ])('%s to %i layers', async (name, depth, deeperName, inFirst) => {
    const model = network(name)
    const { model: deeper, added } = await deepen(model, { depth, linear: true })
    expect(deeper.architecture).toEqual(architecture(deeperName))
    expect(added).toHaveLength(depth - 8)
    expect(added.filter(layer => layer.startsWith('layer1.'))).toEqual(
      Array.from({ length: inFirst }, (_, i) => `layer1.linear.${i}`),
    )
    expect(await difference(model, deeper, 32)).toBe(0)
  })

  test('except for rounding where a batch norm directly follows, which is folded into the layer', async () => {
    const model = network('resnet8_b_v2')
    const { model: deeper } = await deepen(model, { depth: 14, linear: true })
    const largest = Math.max(...(await model.logits(noise(3, 32), 3)).map(Math.abs))
    expect((await difference(model, deeper, 32)) / largest).toBeLessThan(1e-6)
  })

  test('also with more linear layers, and with blocks before them', async () => {
    const model = network('resnet8', { classes: 3 })
    const { model: deeper } = await deepen(model, { depth: 11, linear: true })
    const { model: deepest, added } = await deepen(deeper, { depth: 15, linear: true })
    expect(deepest.architecture).toEqual({ ...architecture('resnet8_linear7'), classes: 3 })
    expect(added).toEqual(['layer1.linear.1', 'layer1.linear.2', 'layer2.linear.1', 'layer3.linear.1'])
    expect(await difference(model, deepest, 32)).toBe(0)
    const { model: both } = await deepen(deeper, { depth: 14 })
    expect(both.architecture).toEqual({ ...architecture('resnet14_linear3'), classes: 3 })
    expect(await difference(model, both, 32)).toBe(0)
  })

  test('and the blocks of such a network can be removed like those of any other', async () => {
    const model = network('resnet8')
    const { model: deeper } = await deepen(model, { depth: 14, linear: true })
    const data = { ...drawShapes({ split: 'test', length: 16 }), classes: model.labels }
    expect((await ablate(deeper, data)).blocks).toEqual((await ablate(model, data)).blocks)
  })
})

describe('new blocks come', () => {
  test.each<[at: Places | undefined, added: string[]]>([
    [undefined, [...span(1, 1, 3), ...span(2, 1, 3), ...span(3, 1, 3)]],
    ['even', [...span(1, 1, 3), ...span(2, 1, 3), ...span(3, 1, 3)]],
    ['end', [...span(1, 2, 3), ...span(2, 2, 3), ...span(3, 2, 3)]],
    [
      ['layer1.0', 'layer2.1', 'layer3.1', 'layer3.0'],
      [...span(1, 1, 2), ...span(2, 2, 3), ...span(3, 1, 3)],
    ],
  ])('after the right ones with places %j', async (at, added) => {
    const model = network('resnet14')
    const deeper = await deepen(model, { depth: 26, at })
    expect(deeper.added).toEqual(added)
    expect(await difference(model, deeper.model, 32)).toBe(0)
    const old = [1, 2, 3].flatMap(stage => span(stage, 0, 1, 2, 3)).filter(name => !added.includes(name))
    const weights = async (from: Model, blocks: string[]) => {
      const parameters = await from.readParameters()
      return blocks.map(block => parameters.get(`${block}.conv1.weight`))
    }
    expect(await weights(deeper.model, old)).toEqual(
      await weights(
        model,
        [1, 2, 3].flatMap(stage => span(stage, 0, 1)),
      ),
    )
  })
})

describe('to other numbers of blocks in each stage', () => {
  test.each([
    ['resnet8', [2, 1, 3], 'resnet-2-1-3', ['layer1.1', 'layer3.1', 'layer3.2']],
    ['resnet8_v2', [1, 2, 1], 'resnet-1-2-1', ['layer2.1']],
    ['resnet8_b', [2, 2, 2], 'resnet14_b', ['layer1.1', 'layer2.1', 'layer3.1']],
  ])('%s to %j is %s', async (name, layers, deeperName, added) => {
    const model = network(name)
    const deeper = await deepen(model, { layers })
    expect(deeper.added).toEqual(added)
    expect(deeper.model.architecture).toEqual({ ...architecture(name), layers, name: deeperName })
    expect(await difference(model, deeper.model, 32)).toBe(0)
  })

  test('and such a network can be deepened again, saved and loaded', async () => {
    const model = network('resnet8')
    const { model: deeper } = await deepen(model, { layers: [2, 1, 1] })
    const { model: deepest } = await deepen(deeper, { layers: [2, 1, 2] })
    const { model: linear } = await deepen(deepest, { depth: 13, linear: true })
    expect(linear.architecture).toMatchObject({ name: 'resnet-2-1-2', layers: [2, 1, 2], linear: 1 })
    const path = await mkdtemp(join(tmpdir(), 'residual-'))
    await saveModel(path, linear)
    const loaded = await loadModel(path)
    await rm(path, { recursive: true })
    expect(loaded.architecture).toEqual(linear.architecture)
    expect(await difference(model, loaded, 32)).toBe(0)
  })

  test.each<[options: DeepenOptions, message: string]>([
    [{}, 'got neither depth nor layers, wanted one of them'],
    [{ depth: 14, layers: [2, 2, 2] }, 'got both depth and layers, wanted one of them'],
    [{ layers: [2, 2] }, 'got layers [2, 2], wanted 3 numbers, one for each stage of resnet8'],
    [
      { layers: [2, 0, 1] },
      'resnet-2-0-1 is not deeper than resnet8: it has [2, 0, 1] blocks, resnet8 has [1, 1, 1]; give a larger depth',
    ],
    [{ linear: true }, 'the depth decides how many linear layers are added; give a depth'],
  ])('%j is refused', async (options, message) => {
    await expect(deepen(network('resnet8'), options)).rejects.toThrow(new ModelError(message))
  })

  test('a depth alone is not enough for a row without a name', async () => {
    const { model } = await deepen(network('resnet8'), { layers: [2, 1, 1] })
    await expect(deepen(model, { depth: 20 })).rejects.toThrow(
      'resnet-2-1-1 is the label of a row, and a depth does not determine its layers; state the layers',
    )
  })
})

test('the seed decides the new weights', async () => {
  const model = network('resnet8')
  const weights = async (seed?: number) => {
    const { model: deeper } = await deepen(model, { depth: 14, seed })
    return (await deeper.readParameters()).get('layer2.1.conv1.weight')
  }
  expect(await weights()).toEqual(await weights(0))
  expect(await weights(1)).not.toEqual(await weights(0))
})

test.each([
  ['resnet8', 20],
  ['resnet8_v2', 20],
  ['plain8', 14],
  ['plain8', 14, true],
])('training moves all new weights of %s', async (name, depth, linear?: boolean) => {
  const { model, added } = await deepen(network(name), { depth, linear })
  const data = drawShapes({ split: 'train', length: 32 })
  const recipe = { epochs: 4, batch: 16, schedule: { kind: 'constant', rate: 0.01 } } as const
  const training = train({ model, data: { ...data, classes: model.labels }, recipe, worker: false })
  for await (const _ of training);
  const trained = await (await training.model()).readParameters()
  const before = await model.readParameters()
  const still = [...trained.keys()].filter(
    key => added.some(layer => key.startsWith(`${layer}.`)) && `${trained.get(key)}` === `${before.get(key)}`,
  )
  expect(still).toEqual([])
})

describe('refuses', () => {
  test.each([
    ['resnet8_c_v2', 'its shortcuts project what an activation has changed'],
    ['resnet8_silu', 'the silu after it changes its input'],
  ])('%s, in which no block can do nothing', async (name, why) => {
    const message = `${name} cannot have a block that does nothing: ${why}`
    await expect(deepen(network(name), { depth: 14 })).rejects.toThrow(new ModelError(message))
  })

  test.each<[name: string, depth: number, at: Places | undefined, error: Error, linear?: boolean]>([
    [
      'resnet20',
      57,
      undefined,
      new ArchitectureError(
        'unknown architecture "cifar_resnet57" (CIFAR networks have 6n+2 layers); the nearest names are cifar_resnet50, cifar_resnet152, resnet50',
      ),
    ],
    [
      'resnet20',
      20,
      undefined,
      new ModelError(
        'resnet20 is not deeper than resnet20: it has [3, 3, 3] blocks, resnet20 has [3, 3, 3]; give a larger depth',
      ),
    ],
    [
      'resnet20',
      8,
      undefined,
      new ModelError(
        'resnet8 is not deeper than resnet20: it has [1, 1, 1] blocks, resnet20 has [3, 3, 3]; give a larger depth',
      ),
    ],
    ['resnet18', 50, undefined, new ModelError('resnet50 is not a deeper resnet18: its block is bottleneck')],
    [
      'resnet8',
      14,
      ['layer1.1'],
      new ModelError('there is no block "layer1.1" in resnet8; its blocks are layer1.0 to layer3.0'),
    ],
    [
      'resnet8',
      14,
      ['layer1.0', 'layer2.0'],
      new ModelError('resnet14 has 1 more block in layer3; name a block there, too'),
    ],
    [
      'resnet50',
      101,
      ['layer3.0', 'layer4.0'],
      new ModelError('resnet101 has no more blocks in layer4 than resnet50; do not name a block there'),
    ],
    ['resnet8', 8, undefined, new ModelError('resnet8 has 8 layers already; give a larger depth than 8'), true],
    [
      'resnet8_linear3',
      11,
      undefined,
      new ModelError('resnet8_linear3 has 11 layers already; give a larger depth than 11'),
      true,
    ],
    ['resnet8', 14, 'end', new ModelError('linear layers come after the blocks of each stage; omit the places'), true],
  ])('%s with %i layers, places %j', async (name, depth, at, error, linear) => {
    await expect(deepen(network(name), { depth, at, linear })).rejects.toThrow(error)
  })
})

describe('a deepened network', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'residual-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test.each([
    ['resnet8', false],
    ['resnet8_c', false],
    ['plain8', false],
    ['plain8', true],
  ])('of %s, linear: %s, is saved and loaded like any other', async (name, linear) => {
    const { model } = await deepen(network(name), { depth: 14, linear })
    const path = join(folder, model.name)
    await saveModel(path, model)
    const loaded = await loadModel(path)
    expect(loaded.architecture).toEqual(model.architecture)
    expect(loaded.preprocessing).toEqual(model.preprocessing)
    expect(await difference(model, loaded, 32)).toBe(0)
  })
})

test('the movement of a block covers all that is trained in it, and nothing else', async () => {
  const { model, added } = await deepen(network('resnet8'), { depth: 14 })
  const parameters = new Map(Array.from(await model.readParameters(), ([name, values]) => [name, values.slice()]))
  parameters.get('layer2.1.bn2.weight')!.fill(0.5)
  parameters.get('layer2.1.bn1.running_mean')!.fill(9)
  const { name, architecture, labels, preprocessing } = model
  const moved = await movementOf(model, new Model({ name, architecture, labels, preprocessing, parameters }), added)
  const ofBlock = [...(await model.readParameters())].filter(([name]) =>
    /^layer2\.1\.(conv|bn)\d\.(weight|bias)$/.test(name),
  )
  const length = Math.hypot(...ofBlock.flatMap(([, values]) => [...values]))
  expect(moved).toEqual([
    { block: 'layer1.1', change: 0, scale: 0 },
    { block: 'layer2.1', change: expect.closeTo((0.5 * Math.sqrt(32)) / length, 12), scale: 0.5 },
    { block: 'layer3.1', change: 0, scale: 0 },
  ])
})
