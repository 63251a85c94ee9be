import { crossEntropy, grad, graphOf, input, type Parameters, type Tensor } from '@residual/core'
import { type Architecture, architecture, ModelError, resnet } from '@residual/resnet'
import { initialParameters } from '@residual/train'
import { describe, expect, test } from 'vitest'
import { evaluate } from '../../core/src/reference/evaluate.ts'
import { measureSignals, type Signals } from '../src/index.ts'
import { network, noise } from './networks.ts'

const [n, side] = [3, 8]
const batch = { images: noise(n, side), labels: Uint8Array.of(7, 0, 3), n, side }

/** A row of the table with fewer blocks and channels. */
function narrow(name: string): Architecture {
  const arch = architecture(name)
  return { ...arch, stem: { ...arch.stem, width: 8 }, widths: [8, 16, 32, 64], layers: [1, 1, 1, 1], classes: 10 }
}

/** Rows that have no name. */
const rows: Record<string, Architecture> = {
  bottlenecks: narrow('resnet50'),
  bottlenecks_v2: narrow('resnet50_v2'),
}
const rowOf = (name: string): Architecture => rows[name] ?? architecture(name)

const values = (tensor: Tensor, parameters: Parameters, images = batch.images): readonly number[] => {
  const leaves: Record<string, Float32Array> = { images, targets: targets() }
  const leaf = ({ attributes: { name } }: Tensor<'input' | 'parameter'>) => leaves[name] ?? parameters.get(name)!
  return Array.from(evaluate(graphOf([tensor]), leaf, undefined, 64)[0].data)
}

function targets(): Float32Array {
  const oneHot = new Float32Array(n * 10)
  for (const [i, label] of batch.labels.entries()) oneHot[10 * i + label] = 1
  return oneHot
}

const length = (x: readonly number[]) => Math.sqrt(x.reduce((sum, value) => sum + value ** 2, 0))
const rootMeanSquare = (x: readonly number[]) => length(x) / Math.sqrt(x.length)
function deviation(x: readonly number[]) {
  const mean = x.reduce((a, b) => a + b) / x.length
  return rootMeanSquare(x.map(value => value - mean))
}

/** Convolutions, and the batch norms that directly follow them: `conv1` is followed by `bn1`, `conv2` by `bn2`, ... */
function normAfter({ preActivation, norm, block }: Architecture, layer: string): string | undefined {
  if (norm === 'none') return undefined
  const [, path = '', number] = /^(layer\d\.\d\.)?conv(\d)$/.exec(layer) ?? []
  if (layer.endsWith('downsample.0') && !preActivation) return layer.replace(/0$/, '1')
  if (number === undefined) return undefined
  if (!preActivation) return `${path}bn${number}`
  return path === '' || number === (block === 'basic' ? '2' : '3') ? undefined : `${path}bn${Number(number) + 1}`
}

describe('signals equal those of the network in double precision', () => {
  const usual = ['resnet8', 'resnet8_b', 'resnet8_c', 'resnet8_v2', 'resnet8_c_v2', 'plain8']
  const bare = ['resnet8_nobn', 'plain8_nobn', 'resnet8_b_v2_nobn']
  test.each([...usual, ...bare, 'bottlenecks', 'bottlenecks_v2'])('%s', async name => {
    const arch = rowOf(name)
    const parameters = initialParameters(arch, { seed: 3 })
    const { loss, layers, blocks } = await measureSignals(arch, parameters, batch)

    const { logits } = resnet(arch, input('images', [n, side, side, 3]), { training: true })
    const cost = crossEntropy(logits, input('targets', [n, 10]))
    const { nodes } = graphOf([cost])
    const reading = (parameter: string) =>
      nodes.find(node => node.inputs.some(other => other.is('parameter') && other.attributes.name === parameter))!
    const lengthOfGradient = (tensor: Tensor) => length(values(grad(cost, [tensor])[0], parameters))
    // Norms over three values, as in the last bottleneck, amplify the rounding of float32.
    const digits = arch.block === 'basic' ? 5 : 3
    const near = (value: number) => expect.closeTo(value, digits - Math.ceil(Math.log10(value)))

    expect(loss).toEqual(near(values(cost, parameters)[0]))
    const convolutions = nodes.filter(node => node.is('conv2d'))
    expect(layers.map(layer => layer.name)).toEqual([
      ...convolutions.map(node => (node.inputs[1] as Tensor<'parameter'>).attributes.name.replace('.weight', '')),
      'fc',
    ])
    for (const layer of layers) {
      const own = layer.name === 'fc' ? logits : reading(`${layer.name}.weight`)
      const norm = normAfter(arch, layer.name)
      expect(layer).toEqual({
        name: layer.name,
        block: /^layer\d\.\d/.exec(layer.name)?.[0],
        response: near(deviation(values(norm ? reading(`${norm}.weight`) : own, parameters))),
        activation: near(rootMeanSquare(values(own, parameters))),
        gradient: near(lengthOfGradient(reading(`${layer.name}.weight`).inputs[1])),
        signal: near(lengthOfGradient(own) * Math.sqrt(n)),
        weight: near(length(Array.from(parameters.get(`${layer.name}.weight`)!))),
      })
    }
    for (const { name: block, gradient, branch, shortcut, direct } of blocks) {
      const isAfterNorm = arch.preActivation && arch.norm === 'batch'
      const read = reading(`${block}.${isAfterNorm ? 'bn1' : 'conv1'}.weight`).inputs[0]
      const x = arch.preActivation && arch.norm === 'none' ? read.inputs[0] : read
      expect(gradient).toEqual(near(lengthOfGradient(x) * Math.sqrt(n)))
      const last = layers.filter(layer => layer.block === block && /conv\d$/.test(layer.name)).at(-1)!
      expect(branch).toEqual(near(last.response))
      if (arch.shortcut === 'none') expect([shortcut, direct]).toEqual([undefined, undefined])
    }
    expect(blocks.map(block => block.name)).toEqual(arch.layers.map((_, stage) => `layer${stage + 1}.0`))
  })
})

test('shortcuts and direct gradients equal central differences with F held constant', async () => {
  const arch = architecture('resnet14')
  const parameters = await network('resnet14').readParameters()
  const small = { ...batch, images: noise(n, 4), side: 4 }
  const { blocks } = await measureSignals(arch, parameters, small)

  const { logits } = resnet(arch, input('images', [n, 4, 4, 3]), { training: true })
  const { nodes } = graphOf([logits])
  const named = (name: string) =>
    nodes.find(node => node.inputs.some(other => other.is('parameter') && other.attributes.name === name))!
  const first = named('layer1.0.conv1.weight').inputs[0]
  const given = blocks.map(({ name }) => values(named(`${name}.bn2.weight`), parameters, small.images))
  const [weight, bias] = [parameters.get('fc.weight')!, parameters.get('fc.bias')!]

  /**
   * From a block's input `[n, size, size, channels]` to what its shortcut adds: shortcut A halves and pads in blocks 2
   * and 4.
   */
  const shortcut = (x: readonly number[], block: number) => {
    if (block !== 2 && block !== 4) return x
    const [size, channels] = block === 2 ? [4, 16] : [2, 32]
    const half = size / 2
    return Array.from({ length: (x.length / 4) * 2 }, (_, i) => {
      const c = (i % (2 * channels)) - channels / 2
      const [w, h, image] = [
        Math.floor(i / (2 * channels)) % half,
        Math.floor(i / (2 * channels * half)) % half,
        Math.floor(i / (2 * channels * half * half)),
      ]
      return c < 0 || c >= channels ? 0 : x[((image * size + 2 * h) * size + 2 * w) * channels + c]
    })
  }
  const add = (x: readonly number[], block: number) => {
    const added = shortcut(x, block)
    return given[block].map((f, i) => Math.max(0, f + added[i]))
  }
  const lossFrom = (x: readonly number[], block: number): number => {
    let y = x
    for (let i = block; i < blocks.length; i++) y = add(y, i)
    let loss = 0
    for (let image = 0; image < n; image++) {
      const pixels = y.length / n / 64
      const mean = Array.from({ length: 64 }, (_, c) => {
        let sum = 0
        for (let p = 0; p < pixels; p++) sum += y[(image * pixels + p) * 64 + c]
        return sum / pixels
      })
      const scores = Array.from(bias, (b, k) => mean.reduce((sum, value, c) => sum + value * weight[k * 64 + c], b))
      const total = scores.reduce((sum, score) => sum + Math.exp(score), 0)
      loss += Math.log(total) - scores[batch.labels[image]]
    }
    // The sum over the images, not the mean.
    return loss
  }
  let x = values(first, parameters, small.images)
  for (const [i, block] of blocks.entries()) {
    const step = 1e-5
    const gradient = x.map((value, at) => {
      const moved = (by: number) => lossFrom(x.with(at, value + by), i)
      return (moved(step) - moved(-step)) / (2 * step)
    })
    expect(block.direct! / (length(gradient) / Math.sqrt(n))).toBeCloseTo(1, 3)
    expect(block.shortcut! / deviation(shortcut(x, i))).toBeCloseTo(1, 4)
    expect(block.branch / deviation(given[i])).toBeCloseTo(1, 4)
    x = add(x, i)
  }
})

const finite = ({ loss, layers, blocks }: Signals) =>
  [loss, ...[...layers, ...blocks].flatMap(one => Object.values(one))].filter(value => typeof value === 'number')

const residual = ['resnet8', 'resnet8_b', 'resnet8_c', 'resnet8_v2', 'resnet8_c_v2', 'bottlenecks', 'bottlenecks_v2']
test.each([...residual, 'resnet8_nobn', 'resnet8_b_v2_nobn'])(
  'if every F of %s is zero, the whole gradient comes directly',
  async name => {
    const arch = rowOf(name)
    const [zero, usual] = await Promise.all(
      [true, false].map(zeroInitResidual => measureSignals(arch, initialParameters(arch, { zeroInitResidual }), batch)),
    )
    for (const { branch, direct, gradient } of zero.blocks) {
      expect(branch).toBe(0)
      expect(direct! / gradient).toBeCloseTo(1, 6)
    }
    for (const { direct, gradient } of usual.blocks) expect(Math.abs(direct! / gradient - 1)).toBeGreaterThan(0.01)
    expect(finite(usual).every(value => Number.isFinite(value) && value > 0)).toBe(true)
  },
)

test('gradients whose squares are too small for float32 are measured', async () => {
  const arch = architecture('resnet8')
  const parameters = new Map(initialParameters(arch))
  const usual = await measureSignals(arch, parameters, batch)
  // The head passes on 2 ** -80 of what it did.
  const small = 2 ** -80
  parameters.set(
    'fc.weight',
    parameters.get('fc.weight')!.map(value => value * small),
  )
  const { layers, blocks } = await measureSignals(arch, parameters, batch)
  const [last, before] = [layers[3], usual.layers[3]]
  expect(last.signal).toBeLessThan(1e-20)
  expect(last.signal / small / before.signal).toBeGreaterThan(0.5)
  expect(last.signal / small / before.signal).toBeLessThan(2)
  expect(blocks[0].direct! / small / usual.blocks[0].direct!).toBeGreaterThan(0.5)
  expect(blocks[0].direct! / small / usual.blocks[0].direct!).toBeLessThan(2)
})

test('what is measured does not depend on the size of the batch', async () => {
  const arch = architecture('resnet8')
  const parameters = initialParameters(arch)
  const twice = {
    images: Float32Array.from([...batch.images, ...batch.images]),
    labels: [...batch.labels, ...batch.labels],
    n: 2 * n,
    side,
  }
  const [once, doubled] = [await measureSignals(arch, parameters, batch), await measureSignals(arch, parameters, twice)]
  const [a, b] = [finite(once), finite(doubled)]
  expect(b).toHaveLength(a.length)
  b.forEach((value, i) => {
    expect(value / a[i]).toBeCloseTo(1, 4)
  })
})

test.each<[labels: number[], message: string]>([
  [[1, 2], 'got 2 labels for 3 images'],
  [[1, 2, 10], 'got the label 10, wanted 0 to 9'],
])('labels %j do not fit', async (labels, message) => {
  const arch = architecture('resnet8')
  const measured = measureSignals(arch, initialParameters(arch), { ...batch, labels })
  await expect(measured).rejects.toThrow(new ModelError(message))
})
