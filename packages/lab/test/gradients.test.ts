import { architecture } from '@residual/resnet'
import { type Initialization, TrainingError } from '@residual/train'
import { drawShapes } from '@residual/vision'
import { describe, expect, test } from 'vitest'
import {
  type GradientTrace,
  gradientFindings,
  gradientPage,
  gradientSvgs,
  type Measurement,
  passageOf,
  type TraceOptions,
  traceGradients,
} from '../src/index.ts'

const data = drawShapes({ split: 'train', length: 20 })

const trace = (options: TraceOptions): Promise<GradientTrace> => traceGradients(data, { worker: false, ...options })

describe('a trace', () => {
  test('has the signals of each network before the first step and after some steps', async () => {
    const told: number[] = []
    const options = { architectures: ['plain8', 'resnet8'], batch: 4, rate: 0.01, seed: 7 }
    const found = await trace({
      ...options,
      steps: 6,
      onProgress: (done, total) => {
        expect(total).toBe(2 * 4 * (1 + 6 + 6))
        told.push(done)
      },
    })
    expect(found).toEqual({
      ...{ data: 'shapes', images: 4, initialization: 'kaiming', steps: 6, rate: 0.01, seed: 7 },
      networks: [
        { architecture: 'plain8', measured: expect.any(Array) },
        { architecture: 'resnet8', measured: expect.any(Array) },
      ],
    })
    for (const { measured } of found.networks) {
      expect(measured.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6])
      expect(measured.map(({ layers, blocks }) => [layers.length, blocks.length])).toEqual(Array(7).fill([8, 3]))
      // Training moves all weights; measuring moves none.
      const weights = measured.map(({ layers }) => layers[3].weight)
      expect(new Set(weights).size).toBe(7)
    }
    expect(told).toEqual([...told].sort((a, b) => a - b))
    expect(told.at(-1)).toBe(2 * 4 * 13)
    const atFirst = await trace(options)
    expect(atFirst.networks.map(({ measured }) => measured)).toEqual(
      found.networks.map(({ measured }) => measured.slice(0, 1)),
    )
  })

  test('of a long training has measurements that grow further apart', async () => {
    const { networks } = await trace({ architectures: ['plain8'], steps: 40, batch: 1, rate: 0.001 })
    expect(networks[0].measured.map(({ step }) => step)).toEqual([0, 1, 2, 3, 5, 8, 12, 18, 27, 40])
  })

  test('ends at a loss that is not finite, without an error', async () => {
    const { networks } = await trace({ architectures: ['plain8_nobn', 'resnet8_nobn'], steps: 4, batch: 4, rate: 1e30 })
    for (const { measured, diverged } of networks) {
      expect(measured.every(({ loss }) => Number.isFinite(loss))).toBe(true)
      expect(diverged).toMatch(/^the loss is (NaN|-?Infinity) (after|at) step \d/)
    }
  })

  test.each<[TraceOptions, string]>([
    [{ architectures: [] }, 'got no architectures, wanted at least one'],
    [{ steps: -1 }, 'traceGradients: got steps -1, wanted a whole number of at least 0'],
    [{ batch: 0.5 }, 'traceGradients: got batch 0.5, wanted a whole number of at least 1'],
    [{ seed: -1 }, 'traceGradients: got seed -1, wanted a whole number of at least 0'],
  ])('of %j is refused', async (options, message) => {
    await expect(trace(options)).rejects.toThrow(new TrainingError(message))
  })

  test('is refused for an unknown network, and can be aborted', async () => {
    await expect(trace({ architectures: ['plain8', 'vgg16'] })).rejects.toThrow('unknown architecture "vgg16"')
    const stop = new AbortController()
    const aborted = trace({
      ...{ architectures: ['plain8', 'resnet8'], steps: 3, batch: 4, signal: stop.signal },
      onProgress: () => stop.abort(new Error('enough')),
    })
    await expect(aborted).rejects.toThrow(new Error('enough'))
  })
})

/** How the gradient changes from the last convolution to the first, in orders of magnitude. */
describe('early gradients', () => {
  test.each<[name: string, initialization: Initialization, least: number, most: number]>([
    // Without shortcuts and norms, weights that are too small let gradients vanish; any one of the three prevents it.
    ['plain20_nobn', 'gaussian', -40, -12],
    ['resnet20_nobn', 'gaussian', -2, 1],
    ['plain20', 'gaussian', -1, 3],
    ['plain20_nobn', 'kaiming', -2, 1],
    // Xavier's weights ignore the half that a ReLU takes away: a factor of 1 / sqrt(2) for each of 19 layers.
    ['plain20_nobn', 'xavier', -5, -2],
  ])('of %s with %s weights', async (name, initialization, least, most) => {
    const { networks } = await trace({ architectures: [name], initialization, batch: 8 })
    const { ratio, gradient } = passageOf(networks[0], networks[0].measured[0])
    expect(Math.log10(ratio)).toBeGreaterThan(least)
    expect(Math.log10(ratio)).toBeLessThan(most)
    // Where they have vanished, nothing is learned.
    if (most < -10) expect(gradient.first).toBeLessThan(1e-12)
    else expect(gradient.first).toBeGreaterThan(1e-6)
  })
})

/** A measurement with the given gradients of three convolutions: of the weights, and at the outputs. */
function measurement(
  step: number,
  loss: number,
  gradients: readonly [number, number, number],
  signals: readonly [number, number, number],
  direct?: number,
): Measurement {
  const layer = (name: string, gradient: number, signal: number, block?: string) => {
    return { name, block, gradient, signal, response: 1, activation: 1, weight: 1 }
  }
  return {
    ...{ step, loss },
    layers: [
      layer('conv1', gradients[0], signals[0]),
      layer('layer1.0.conv1', gradients[1], signals[1], 'layer1.0'),
      layer('layer1.0.downsample.0', 77, 77, 'layer1.0'),
      layer('layer1.0.conv2', gradients[2], signals[2], 'layer1.0'),
      layer('fc', 99, 99),
    ],
    blocks: [{ name: 'layer1.0', branch: 1, shortcut: direct && 1, gradient: 2, direct }],
  }
}

const madeTrace = (networks: GradientTrace['networks'], changes: Partial<GradientTrace> = {}): GradientTrace => ({
  ...{ data: 'shapes', images: 64, initialization: 'kaiming', steps: 0, rate: 0.1, seed: 0, networks },
  ...changes,
})

const of = (architecture: string, ...measured: Measurement[]) => ({ architecture, measured })

describe('what a run showed', () => {
  const way = 'on its way from the last convolution to the first, the gradient'
  test.each<[what: string, measured: Measurement, said: string]>([
    ['growing', measurement(0, 2.3, [1, 1, 1], [4200, 9, 1]), `${way} grows by a factor of 4,200.`],
    ['shrinking', measurement(0, 2.3, [1, 1, 1], [2e-17, 9, 1]), `${way} shrinks by a factor of 5·10¹⁶.`],
    ['neither', measurement(0, 2.3, [1, 1, 1], [0.8, 9, 1]), `${way} roughly keeps its length (a factor of 0.80).`],
    [
      'zeros',
      measurement(0, 2.3, [0, 1, 1], [0, 9, 1]),
      'the gradient of the weights of 1 of 3 convolutions is 0: it is too small for float32.',
    ],
    [
      'nothing but zeros',
      measurement(0, 2.3, [0, 0, 0], [0, 0, 0]),
      'the gradient of the weights of every convolution is 0: it is too small for float32.',
    ],
    [
      'infinities',
      measurement(0, Number.NaN, [1, 1, 1], [1, 1, 1]),
      'there is no gradient, because activations have grown beyond the range of float32.',
    ],
  ])('in gradients that are %s', (_, measured, said) => {
    expect(gradientFindings(madeTrace([of('plain20', measured)]))).toEqual([`plain20, before training: ${said}`])
  })

  test.each<[plain: number, residual: number, said: string]>([
    [1e-9, 0.031, '10⁻⁹ in plain20 and 0.031 in resnet20: it is 3.1·10⁷ times as long with shortcuts.'],
    [480, 2.3, '480 in plain20 and 2.3 in resnet20: it is 210 times as long without shortcuts.'],
    [1, 1.5, '1 in plain20 and 1.5 in resnet20, which is about the same.'],
    [0, 0.5, '0 in plain20 and 0.5 in resnet20.'],
  ])('with shortcuts and without, of %d and %d', (plain, residual, said) => {
    const networks = [
      of('resnet20', measurement(0, 2, [residual, 1, 1], [1, 1, 1], 1)),
      of('plain20', measurement(0, 2, [plain, 1, 1], [1, 1, 1])),
      of('plain56', measurement(0, 2, [plain, 1, 1], [1, 1, 1])),
    ]
    const findings = gradientFindings(madeTrace(networks))
    expect(findings.filter(text => text.startsWith('The gradient of'))).toEqual([
      `The gradient of the first layer’s weights has the length ${said}`,
    ])
  })

  test('in training', () => {
    const networks = [
      of(
        'resnet20',
        measurement(0, 2.5, [1, 1, 1], [3, 1, 1], 0.02),
        measurement(1, 2.4, [1, 1, 1], [2, 2, 2], 1),
        measurement(1000, 1.2, [0.5, 1, 1], [3, 1, 1], 3),
      ),
      { ...of('plain20', measurement(0, 2.5, [1, 1, 1], [3, 1, 1])), diverged: 'the loss is NaN at step 1' },
      {
        ...of('plain56', measurement(0, 2.5, [1, 1, 1], [3, 1, 1]), measurement(1, 9, [1, 1, 1], [1, 1, 1])),
        diverged: 'the loss is NaN at step 2',
      },
    ]
    expect(gradientFindings(madeTrace(networks, { steps: 1000 })).slice(-4)).toEqual([
      'In resnet20, the part of the gradient that reaches the first block through shortcuts alone has 1 % of the length of the whole gradient before training, and 150 % after 1,000 steps.',
      `In 1,000 steps, the loss of resnet20 went from 2.50 to 1.20, and the gradient of its first layer’s weights from 1 to 0.5; after that, ${way} grows by a factor of 3.`,
      'plain20 could not be trained: the loss is NaN at step 1.',
      `In 1 step, the loss of plain56 went from 2.50 to 9.00, and the gradient of its first layer’s weights from 1 to 1; after that, ${way} roughly keeps its length (a factor of 1.0). Then the training ended: the loss is NaN at step 2.`,
    ])
  })
})

describe('the report', () => {
  const untrained = madeTrace([
    of('plain20', measurement(0, 2.5, [0, 1, 1], [3, 1, 1])),
    of('resnet20', measurement(0, 2.5, [1, 1, 1], [3, 1, 1], 0.02)),
  ])
  const after = measurement(20, 2.5, [0.5, 1, 1], [3, 1, 1], 0.5)
  const trained = madeTrace(
    untrained.networks.map(({ architecture, measured: [first] }) => of(architecture, first, after)),
    { steps: 20, initialization: 'xavier', seed: 3 },
  )

  test('has a figure for every quantity', () => {
    const names = ['gradient', 'signal', 'response', 'direct'].map(name => `${name}-before`)
    expect([...gradientSvgs(untrained).keys()].sort()).toEqual([...names].sort())
    expect([...gradientSvgs(trained).keys()].sort()).toEqual(
      [...names, ...names.map(name => name.replace('before', 'after')), 'time-plain20', 'time-resnet20'].sort(),
    )
    const plain = madeTrace([of('plain20', measurement(0, 2.5, [1, 1, 1], [3, 1, 1]))])
    expect([...gradientSvgs(plain).keys()]).toEqual(['gradient-before', 'signal-before', 'response-before'])
    for (const svg of gradientSvgs(trained).values()) expect(svg).toMatch(/^<svg [^>]*aria-label="[^"]+"/)
  })

  test('says what was measured and what was found', () => {
    const page = gradientPage(trained)
    expect(page).toContain('<title>The gradient on its way back</title>')
    expect(page).toContain(
      'plain20, resnet20 with Xavier’s weights (seed 3), before training and during 20 steps at a learning rate of 0.1, measured on 64 images of shapes.',
    )
    for (const finding of gradientFindings(trained)) expect(page).toContain(`<li>${finding}</li>`)
    expect(page).toContain('Where a line is missing (plain20), the value is 0 in float32.')
    // The tables list the three convolutions, but neither the classifier nor the projections.
    expect(page).not.toMatch(/<td[^>]*>(77|99)/)
    expect(page).toContain('<th scope="col" class="n">layer1.0.conv2</th>')
  })

  test('of the deepest networks is under 2 MB', () => {
    const { layers } = architecture('resnet1202')
    const blocks = layers.flatMap((count, stage) =>
      Array.from({ length: count }, (_, i) => ({
        ...{ name: `layer${stage + 1}.${i}`, branch: 1, shortcut: 1 },
        ...{ gradient: 1 / (i + 1), direct: 0.5 / (i + 1) },
      })),
    )
    const deep = (step: number): Measurement => ({
      ...{ step, loss: 2.345678 },
      blocks,
      layers: ['conv1', ...blocks.flatMap(({ name }) => [`${name}.conv1`, `${name}.conv2`])].map((name, i) => ({
        ...{ name, block: name.replace(/\.?conv\d/, ''), weight: 1.2345678 },
        ...{ response: Math.sin(i) + 1.5, activation: 1, gradient: Math.exp(Math.sin(i * i)), signal: 1 / (1 + i) },
      })),
    })
    const steps = [0, 1, 2, 3, 5, 8, 13, 22, 36, 60, 100]
    const networks = ['plain1202', 'resnet1202'].map(name => of(name, ...steps.map(deep)))
    expect(gradientPage(madeTrace(networks, { steps: 100 })).length).toBeLessThan(2e6)
  })
})
