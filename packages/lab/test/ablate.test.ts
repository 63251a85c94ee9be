import { evaluate, Model, ModelError } from '@residual/resnet'
import { drawShapes } from '@residual/vision'
import { describe, expect, test } from 'vitest'
import { type Ablation, ablate } from '../src/index.ts'
import { network } from './networks.ts'

const shapes = drawShapes({ split: 'test', length: 25 })

/** The images with the labels of a network, which need not fit them. */
const dataFor = (model: Model) => ({ ...shapes, classes: model.labels })

/** A model with some parameters changed. */
async function changed(model: Model, change: (name: string, values: Float32Array) => Float32Array): Promise<Model> {
  const parameters = new Map(Array.from(await model.readParameters(), ([name, values]) => [name, change(name, values)]))
  const { name, architecture, labels, preprocessing } = model
  return new Model({ name, architecture, labels, preprocessing, parameters })
}

async function measured(model: Model) {
  const { top1, loss } = await evaluate(model, dataFor(model), { worker: false })
  return { top1, loss }
}

const close = ({ top1, loss }: { top1: number; loss: number }) => ({ top1, loss: expect.closeTo(loss, 4) })

describe('the accuracy without a block equals that of a network in which the block does nothing', () => {
  test.each(['resnet14', 'resnet14_b', 'resnet14_c'])('%s', async name => {
    const model = network(name)
    const result = await ablate(model, dataFor(model), { batch: 10, worker: false })
    const expected: Ablation = {
      model: name,
      architecture: name,
      damage: 'remove',
      images: 25,
      ...close(await measured(model)),
      blocks: [],
      skipped: [],
    }
    const blocks = ['layer1.0', 'layer1.1', 'layer2.0', 'layer2.1', 'layer3.0', 'layer3.1']
    for (const block of blocks) {
      const without = await changed(model, (parameter, values) =>
        parameter.startsWith(`${block}.bn2.`) && !parameter.includes('running') ? values.map(() => 0) : values,
      )
      ;(expected.blocks as object[]).push({ block, ...close(await measured(without)) })
    }
    expect(result).toEqual(expected)
  })

  test('resnet14_v2', async () => {
    const model = network('resnet14_v2')
    const { blocks } = await ablate(model, dataFor(model), { worker: false })
    for (const { block, ...found } of blocks) {
      const without = await changed(model, (name, values) =>
        name === `${block}.conv2.weight` ? values.map(() => 0) : values,
      )
      expect(found).toEqual(close(await measured(without)))
    }
    expect(blocks).toHaveLength(6)
  })
})

test('in plain networks, only blocks that keep the shape are removed', async () => {
  const model = network('plain14')
  const { blocks, skipped } = await ablate(model, dataFor(model), { worker: false })
  expect(blocks.map(({ block }) => block)).toEqual(['layer1.0', 'layer1.1', 'layer2.1', 'layer3.1'])
  expect(skipped).toEqual(['layer2.0', 'layer3.0'])
  // Removing a block that only passes its input on changes nothing.
  const identity = await changed(model, (name, values) => {
    if (!name.startsWith('layer2.1.')) return values
    if (name.includes('conv')) return values.map((_, i) => (i % (32 * 9 + 9) === 4 ? 1 : 0))
    return values.map(() => (name.endsWith('running_var') ? 1 - 1e-5 : name.endsWith('weight') ? 1 : 0))
  })
  const ablated = await ablate(identity, dataFor(identity), { worker: false })
  expect(ablated.blocks[2]).toEqual({ block: 'layer2.1', ...close(ablated) })
})

test.each(['resnet20', 'plain20', 'resnet20_v2'])(
  'swapping neighbours of %s equals swapping their weights',
  async name => {
    const model = network(name)
    const parameters = await model.readParameters()
    const { blocks, skipped, damage } = await ablate(model, dataFor(model), { damage: 'swap', worker: false })
    expect(damage).toBe('swap')
    expect(blocks.map(({ block }) => block)).toEqual(['layer1.0', 'layer1.1', 'layer2.1', 'layer3.1'])
    expect(skipped).toEqual(['layer1.2', 'layer2.0', 'layer2.2', 'layer3.0'])
    for (const { block, ...found } of blocks) {
      const next = block.replace(/\d$/, i => String(Number(i) + 1))
      const other = (parameter: string) =>
        parameter.startsWith(`${block}.`)
          ? parameter.replace(block, next)
          : parameter.startsWith(`${next}.`)
            ? parameter.replace(next, block)
            : parameter
      const swapped = await changed(model, parameter => parameters.get(other(parameter))!)
      expect(found).toEqual(close(await measured(swapped)))
    }
  },
)

test('takes a limit and batches that do not divide it, and reports progress', async () => {
  const model = network('resnet8')
  const told: string[] = []
  const options = {
    limit: 7,
    batch: 3,
    worker: false,
    onProgress: (done: number, all: number) => told.push(`${done}/${all}`),
  }
  const { images, top1, loss } = await ablate(model, dataFor(model), options)
  expect({ images, top1, loss }).toEqual({
    images: 7,
    ...close(await evaluate(model, dataFor(model), { limit: 7, worker: false })),
  })
  expect(told).toEqual(['3/7', '6/7', '7/7'])
})

test('refuses what cannot be ablated, and can be aborted', async () => {
  const model = network('resnet8', { classes: 3 })
  await expect(ablate(model, shapes)).rejects.toThrow(new ModelError('resnet8 has 3 classes, the images have 10'))
  await expect(ablate(network('resnet8'), dataFor(network('resnet8')), { damage: 'swap' })).rejects.toThrow(
    new ModelError('resnet8 has no block that can be swapped'),
  )
  const controller = new AbortController()
  controller.abort(new Error('enough'))
  const options = { signal: controller.signal, worker: false }
  await expect(ablate(network('resnet8'), dataFor(network('resnet8')), options)).rejects.toThrow(new Error('enough'))
})
