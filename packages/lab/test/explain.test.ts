import { fileURLToPath } from 'node:url'
import { compile, input } from '@residual/core'
import { loadModel, Model, ModelError, resnet } from '@residual/resnet'
import { decode, drawShapes, preprocess, type RgbImage, readImage } from '@residual/vision'
import { describe, expect, test } from 'vitest'
import {
  type DepthAnswer,
  type ExplainOptions,
  type Explanation,
  explain,
  explanationPage,
  explanationPng,
  heatColour,
  overlay,
  resizeMap,
} from '../src/index.ts'
import { network } from './networks.ts'

const shapes = drawShapes({ split: 'test', length: 4 })
const square: RgbImage = { width: 32, height: 32, data: shapes.images.slice(3072, 6144) }
const pixels = (model: Model, image = square) => preprocess(image, model.preprocessing)

/** A model with some parameters changed. */
async function changed(model: Model, change: (name: string, values: Float32Array) => Float32Array): Promise<Model> {
  const parameters = new Map(Array.from(await model.readParameters(), ([name, values]) => [name, change(name, values)]))
  const { name, architecture, labels, preprocessing } = model
  return new Model({ name, architecture, labels, preprocessing, parameters })
}

/** The features that are pooled for the classifier, `[h, w, c]`. */
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

describe('after the last layer, the map is the classifier applied to each position', () => {
  test.each<[name: string, layer: string, options: ExplainOptions]>([
    ['resnet8', 'layer3', {}],
    ['resnet14_b', 'layer3', { layer: 'layer3.1' }],
    ['resnet8_v2', 'bn', {}],
    ['resnet8_v2', 'bn', { layer: 'bn' }],
    ['plain14', 'layer3', { layer: 'layer3' }],
  ])('%s at %s, %j', async (name, layer, options) => {
    const model = network(name)
    const activation = await pooled(model)
    const weights = (await model.readParameters()).get('fc.weight')!
    let seen = 0
    for (let index = 0; index < 5; index++) {
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
    expect(seen).toBeGreaterThan(0)
  })
})

describe('the answer at a depth equals the answer of a network whose later blocks add nothing', () => {
  test.each([
    ...['resnet14', 'resnet14_b', 'resnet14_c', 'resnet14_v2', 'resnet14_b_v2'],
    ...['resnet14_silu', 'seresnet14', 'resnet14_maxpool'],
  ])('%s', async name => {
    const model = network(name)
    const { depths, target, predictions } = await explain(model, square, { class: 4 })
    const names = ['layer1.0', 'layer1.1', 'layer2.0', 'layer2.1', 'layer3.0', 'layer3.1']
    const expected: DepthAnswer[] = []
    for (const [depth, after] of ['stem', ...names].entries()) {
      const zeroed = names.slice(depth).map(block => `${block}.${name.endsWith('v2') ? 'conv2.weight' : 'bn2.'}`)
      const cut = await changed(model, (parameter, values) =>
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
  const model = await changed(network('resnet14'), (name, values) =>
    /^layer1\.1\.bn2\.(weight|bias)$/.test(name) ? values.map(() => 0) : values,
  )
  const { blocks } = await explain(model, square)
  expect(blocks.map(({ block }) => block)).toEqual([1, 2, 3].flatMap(s => [`layer${s}.0`, `layer${s}.1`]))
  expect(blocks[1]).toEqual({ block: 'layer1.1', ratio: 0, cosine: Number.NaN, change: 0 })
})

test('plain networks have a map, but no stream', async () => {
  const { blocks, depths, layer, map, predictions } = await explain(network('plain14'), square, { topk: 2 })
  expect({ blocks, depths, layer, predictions: predictions.length }).toEqual({
    blocks: [],
    depths: [],
    layer: 'layer3',
    predictions: 2,
  })
  expect(Math.max(...map.values)).toBeGreaterThan(0)
})

test('the embedded model finds the cat, and answers as it does when it classifies', async () => {
  const model = await loadModel('cifar10-resnet20')
  const image = await readImage(fileURLToPath(new URL('../../../images/cat.jpg', import.meta.url)))
  const { predictions, target, seen, view } = await explain(model, image)
  expect(target).toEqual(predictions[0])
  const { predictions: classified } = await model.classify(image)
  expect(predictions).toEqual(classified.map(({ score, ...rest }) => ({ ...rest, score: expect.closeTo(score, 5) })))
  expect([seen.width, seen.height, view.width, view.height]).toEqual([32, 32, 448, 448])
  expect(preprocess(seen, model.preprocessing)).toEqual(preprocess(image, model.preprocessing))
})

test('the image to show is the square that the network gets', async () => {
  // Eight pixels are cut off at each end of the long side, and then an eighth of what is left.
  const wide: RgbImage = { width: 48, height: 32, data: new Uint8Array(48 * 32 * 3) }
  for (let y = 0; y < 32; y++) wide.data.fill(255, (y * 48 + 24) * 3, (y + 1) * 48 * 3)
  const { name, architecture, labels, preprocessing, parameters } = network('resnet8')
  const model = new Model({ name, architecture, labels, parameters, preprocessing: { ...preprocessing, crop: 28 } })
  const { seen, view } = await explain(model, wide)
  expect([seen.width, view.width, view.height]).toEqual([28, 448, 448])
  const row = view.data.subarray(0, 448 * 3)
  expect([row[0], row[200 * 3], row[248 * 3], row[447 * 3]]).toEqual([0, 0, 255, 255])
})

describe('a class is found by', () => {
  const model = network('resnet8', { classes: 3 })
  const { name, architecture, preprocessing, parameters } = model
  const labelled = (...labels: string[]) => new Model({ name, architecture, preprocessing, parameters, labels })

  test.each<[wanted: string | number, labels: string[], index: number]>([
    ['crane', ['crane', 'cranes', 'Cr'], 0],
    ['CRANE', ['x', 'Crane', 'y'], 1],
    ['2', ['x', 'y', 'z'], 2],
    ['2', ['2', '1', '0'], 0],
    [2, ['2', '1', '0'], 2],
  ])('%j among %j', async (wanted, labels, index) => {
    const { target } = await explain(labelled(...labels), square, { class: wanted })
    expect(target).toMatchObject({ index, label: labels[index] })
  })

  test.each<[options: ExplainOptions, message: string]>([
    [{ class: 'cat' }, 'resnet8 has 2 classes called "cat"; give an index: 0, 2'],
    [{ class: 'dogs' }, 'resnet8 has no class "dogs"; the nearest are dog, cat'],
    [{ class: '' }, 'resnet8 has no class ""; the nearest are cat, dog'],
    [{ class: 3 }, 'resnet8 has no class 3; its classes are 0 to 2'],
    [{ class: '3' }, 'resnet8 has no class 3; its classes are 0 to 2'],
    [{ class: -1 }, 'resnet8 has no class -1; its classes are 0 to 2'],
    [{ class: 0.5 }, 'resnet8 has no class 0.5; its classes are 0 to 2'],
    [{ layer: 'layer2.1' }, 'resnet8 has no layer "layer2.1"; the nearest are layer2.0, layer1, layer2'],
    [{ layer: 'bn' }, 'resnet8 has no layer "bn"; the nearest are layer1, layer2, layer3'],
    [{ topk: 0 }, 'explain: got topk 0, wanted at least 1'],
  ])('%j fails', async (options, message) => {
    await expect(explain(labelled('cat', 'dog', 'cat'), square, options)).rejects.toThrow(new ModelError(message))
  })
})

test('damaged weights are reported', async () => {
  const model = await changed(network('resnet8'), (name, values) =>
    name === 'layer2.0.conv1.weight' ? values.map(() => Number.NaN) : values,
  )
  await expect(explain(model, square)).rejects.toThrow(
    new ModelError('resnet8 gives numbers that are not finite; its weights or the images are damaged'),
  )
})

describe('maps', () => {
  test.each<[from: number[][], width: number, height: number, wanted: number[]]>([
    [[[0, 4]], 4, 1, [0, 1, 3, 4]],
    [[[5]], 3, 2, [5, 5, 5, 5, 5, 5]],
    [[[0], [2]], 1, 4, [0, 0.5, 1.5, 2]],
    [[[0, 1, 2, 3]], 2, 1, [0.5, 2.5]],
    [
      [
        [1, 2],
        [3, 4],
      ],
      2,
      2,
      [1, 2, 3, 4],
    ],
  ])('%j in %i x %i', (rows, width, height, wanted) => {
    const map = { width: rows[0].length, height: rows.length, values: Float32Array.from(rows.flat()) }
    const { values, ...size } = resizeMap(map, width, height)
    expect({ ...size, values: [...values] }).toEqual({ width, height, values: wanted })
  })

  test('colours get lighter with the heat, evenly', () => {
    // Luminance as in WCAG, and lightness as in CIE 1976.
    const lightness = Array.from({ length: 101 }, (_, i) => {
      const [r, g, b] = heatColour(i / 100).map(v => (v <= 10 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4))
      return 116 * Math.cbrt(0.2126 * r + 0.7152 * g + 0.0722 * b) - 16
    })
    const steps = lightness.slice(1).map((value, i) => value - lightness[i])
    expect(Math.min(...steps)).toBeGreaterThan(0.3)
    expect(Math.max(...steps)).toBeLessThan(1.8)
    expect(heatColour(-1)).toEqual(heatColour(0))
    expect(heatColour(2)).toEqual(heatColour(1))
  })

  test('lie over images, with their hottest position in the last colour', () => {
    const image = { width: 2, height: 1, data: Uint8Array.of(0, 100, 200, 0, 100, 200) }
    const map = { width: 2, height: 1, values: Float32Array.of(0, 1e-6) }
    const mixed = (heat: number) => heatColour(heat).map((value, i) => Math.round((value + 100 * i) / 2))
    expect([...overlay(image, map).data]).toEqual([...mixed(0), ...mixed(1)])
    expect([...overlay(image, map, 0).data]).toEqual([...image.data])
    const nothing = { ...map, values: new Float32Array(2) }
    expect([...overlay(image, nothing, 1).data]).toEqual([...heatColour(0), ...heatColour(0)])
  })
})

describe('the page', () => {
  /** The images that a page holds. */
  const imagesIn = (text: string) =>
    Promise.all(
      [...text.matchAll(/src="data:image\/png;base64,([^"]*)"/g)].map(([, base64]) =>
        decode(Buffer.from(base64, 'base64')),
      ),
    )

  test('holds what the network gets, the image and the map', async () => {
    const explanation = await explain(network('resnet14'), square)
    const text = await explanationPage(explanation, { image: 'a <b>.png' })
    expect(text).toContain('classifies a &lt;b&gt;.png as “')
    const [seen, view, heat, ...others] = await imagesIn(text)
    expect(others).toEqual([])
    expect(Buffer.from(seen.data).equals(square.data)).toBe(true)
    expect(Buffer.from(view.data).equals(explanation.view.data)).toBe(true)
    const half = overlay(view, explanation.map)
    expect(view.data.every((v, i) => Math.abs((v + heat.data[i]) / 2 - half.data[i]) <= 0.5)).toBe(true)
    const { data } = await decode(await explanationPng(explanation))
    expect(Buffer.from(data).equals(half.data)).toBe(true)
  })

  test('shows each depth and each block, in a chart and in a table', async () => {
    const text = await explanationPage(await explain(network('resnet14'), square))
    for (const row of ['stem', 'layer1.0', 'layer3.1']) expect(text).toContain(`<th scope="row">${row}</th>`)
    for (const title of ['Probability at each depth', 'How much each block changes the stream']) {
      // Drawn for wide and for narrow pages.
      expect(text.split(`role="img" aria-label="${title}: `), title).toHaveLength(3)
      expect(text).toContain(`<text class="title" x="2" y="17">${title}</text>`)
    }
    expect(text).toContain('change after the activation')
    expect(await explanationPage(await explain(network('resnet14_v2'), square))).not.toContain(
      'change after the activation',
    )
  })

  const told = { label: 'a', index: 0, score: 0.5 }
  const other = { label: 'b', index: 1, score: 0.25 }
  const depth = (after: string, { label, index }: typeof told) => ({ after, label, index, score: 0.5, target: 0.5 })
  const map = { width: 3, height: 3, values: Float32Array.of(0, 0, 0, 0, 0, 1, 0, 2, 7) }
  const pixel: RgbImage = { width: 1, height: 1, data: new Uint8Array(3) }
  const effect = (block: string, ratio: number, cosine: number) => ({ block, ratio, cosine, change: ratio })
  const found: Explanation = {
    ...{ model: 'net', architecture: 'resnet8', predictions: [told, other], target: told, layer: 'layer3', map },
    blocks: [effect('layer1.0', 0.5, -0.5), effect('layer2.0', 0, Number.NaN), effect('layer3.0', 2, 0.25)],
    depths: ['stem', 'layer1.0', 'layer2.0', 'layer3.0'].map(after => depth(after, told)),
    ...{ seen: pixel, view: pixel },
  }
  const answers = (...labels: (typeof told)[]) => found.depths.map(({ after }, i) => depth(after, labels[i]))

  test.each<[changes: Partial<Explanation>, texts: string[]]>([
    [
      {},
      [
        '<h1>Why net answers “a”</h1>',
        'net (resnet8) classifies the image as “a” with a probability of 50.0\u00a0%.',
        'Half of the evidence for “a” in layer3 lies on 11.1\u00a0% of the image; it is strongest in the lower right.',
        'Here the answer is “a” from the stem on, and no block changes it.',
        'Here F(x) is between 0.00 times (layer2.0) and 2.00 times (layer3.0) as long as x, with a median of 0.50 times. In 1 of 3 blocks it points against x',
        '<td class="n">−0.50</td>',
        '<td class="n">–</td>',
        '<th scope="row">stem to layer3.0</th><td>a</td><td class="n">50.0\u00a0%</td>',
      ],
    ],
    [
      { target: other, depths: answers(other, other, told, told) },
      [
        '<h1>Where net sees “b”</h1>',
        'with a probability of 50.0\u00a0%; the probability of “b” is 25.0\u00a0%.',
        'Here the answer would be “b” after the stem; from layer2.0 on it is “a”, and the last of 3 blocks does not change it.',
        'The network’s own answer is “a”.',
      ],
    ],
    [
      { depths: answers(other, other, told, other) },
      ['Here the answer would be “b” after the stem, and only the last block, layer3.0, makes it “b”.'],
    ],
    [
      { map: { ...map, values: new Float32Array(9) }, architecture: 'net' },
      ['net classifies the image', 'No place of layer3 has evidence for “a”: the map is zero everywhere.'],
    ],
    [
      { blocks: [effect('layer1.0', Number.NaN, Number.NaN)] },
      ['Here the stream is zero, so there is nothing to compare with.'],
    ],
    [
      { blocks: [], depths: [] },
      ['net is a plain network: without shortcuts there is no stream to follow from block to block.'],
    ],
  ])('says what was found: %j', async (changes, texts) => {
    const text = await explanationPage({ ...found, ...changes })
    for (const wanted of texts) expect(text).toContain(wanted)
  })

  test('folds a long list of answers', async () => {
    const depths = Array.from({ length: 41 }, (_, i) =>
      depth(i === 0 ? 'stem' : `layer1.${i - 1}`, i % 2 ? other : told),
    )
    const text = await explanationPage({ ...found, depths })
    expect(text).toContain('<details><summary>How the answer changes with depth (40 changes)</summary>')
  })
})
