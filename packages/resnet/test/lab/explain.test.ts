import { compile, input } from '@residual/core'
import { Model, resnet } from '@residual/resnet'
import { type DepthAnswer, type ExplainOptions, explain } from '@residual/resnet/lab'
import { drawShapes, type Picture, preprocess } from '@residual/vision'
import { describe, expect, test } from 'vitest'
import { network } from './networks.ts'

const shapes = drawShapes({ split: 'test', length: 4 })
const square: Picture = { width: 32, height: 32, data: shapes.images.slice(3072, 6144) }
const pixels = (model: Model, picture = square) => preprocess(picture, model.preprocessing)

/** A model with some parameters changed. */
function changed(model: Model, change: (name: string, values: Float32Array) => Float32Array): Model {
  const parameters = new Map([...model.parameters].map(([name, values]) => [name, change(name, values)]))
  const { name, architecture, labels, preprocessing } = model
  return new Model({ name, architecture, labels, preprocessing, parameters })
}

/** What the classifier pools, `[h, w, c]`. */
async function pooled(model: Model): Promise<Float32Array> {
  const { crop } = model.preprocessing
  const [activation] = resnet(model.architecture, input('images', [1, crop, crop, 3])).embedding.inputs
  using program = await compile({ outputs: { activation }, parameters: model.parameters })
  return (await program.run({ images: pixels(model) })).activation as Float32Array
}

function softmax(logits: Float32Array): number[] {
  const powers = Array.from(logits, x => Math.exp(x - Math.max(...logits)))
  const total = powers.reduce((a, b) => a + b)
  return powers.map(power => power / total)
}

describe('behind the last layer, the map is the classifier applied to each place', () => {
  test.each<[name: string, layer: string, options: ExplainOptions]>([
    ['resnet8', 'layer3', {}],
    ['resnet14_b', 'layer3', { layer: 'layer3.1' }],
    ['resnet8_v2', 'bn', {}],
    ['resnet8_v2', 'bn', { layer: 'bn' }],
    ['plain14', 'layer3', { layer: 'layer3' }],
  ])('%s at %s, %j', async (name, layer, options) => {
    const model = network(name)
    const activation = await pooled(model)
    const weights = model.parameters.get('fc.weight')!
    let seen = 0
    for (let index = 0; index < 10; index++) {
      const { map, ...explanation } = await explain(model, square, { ...options, class: index })
      expect(explanation).toMatchObject({
        layer: options.layer ?? layer,
        target: { index, label: model.labels[index] },
      })
      const expected = Array.from({ length: 64 }, (_, place) => {
        let sum = 0
        for (let c = 0; c < 64; c++) sum += weights[index * 64 + c] * activation[place * 64 + c]
        return Math.max(0, sum) / 64
      })
      const hottest = Math.max(...expected)
      if (hottest > 0) seen++
      expect({ ...map, values: [...map.values] }).toEqual({
        width: 8,
        height: 8,
        values: expected.map(value => expect.closeTo(value, 5 - Math.log10(hottest || 1))),
      })
    }
    expect(seen).toBeGreaterThan(2)
  })
})

describe('the answer at a depth is that of a network whose later blocks add nothing', () => {
  test.each(['resnet14', 'resnet14_b', 'resnet14_c', 'resnet14_v2', 'resnet14_b_v2'])('%s', async name => {
    const model = network(name)
    const { depths, target, predictions } = await explain(model, square, { class: 4 })
    const names = ['layer1.0', 'layer1.1', 'layer2.0', 'layer2.1', 'layer3.0', 'layer3.1']
    const expected: DepthAnswer[] = []
    for (const [depth, after] of ['stem', ...names].entries()) {
      const zeroed = names.slice(depth).map(block => `${block}.${name.endsWith('v2') ? 'conv2.weight' : 'bn2.'}`)
      const cut = changed(model, (parameter, values) =>
        zeroed.some(start => parameter.startsWith(start)) && !parameter.includes('running')
          ? values.map(() => 0)
          : values,
      )
      const scores = softmax(await cut.logits(pixels(cut), 1))
      const index = scores.indexOf(Math.max(...scores))
      const [score, targetScore] = [expect.closeTo(scores[index], 4), expect.closeTo(scores[4], 4)] as number[]
      expected.push({ after, label: model.labels[index], index, score, target: targetScore })
    }
    expect(depths).toEqual(expected)
    expect(depths.at(-1)).toMatchObject({ ...predictions[0], target: target.score })
  })
})

test('blocks that add nothing change nothing, and have no direction', async () => {
  const model = changed(network('resnet14'), (name, values) =>
    /^layer1\.1\.bn2\.(weight|bias)$/.test(name) ? values.map(() => 0) : values,
  )
  const { blocks } = await explain(model, square)
  expect(blocks.map(({ block }) => block)).toEqual([1, 2, 3].flatMap(s => [`layer${s}.0`, `layer${s}.1`]))
  expect(blocks[1]).toEqual({ block: 'layer1.1', ratio: 0, cosine: Number.NaN, change: 0 })
})
