import { type Architecture, architecture } from '@residual/resnet'
import { describe, expect, test } from 'vitest'
import { INITIALIZATIONS, type Initialization, initialParameters } from '../src/index.ts'

const moments = (values: Float32Array) => {
  const mean = values.reduce((a, b) => a + b) / values.length
  return { mean, deviation: Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length) }
}

/** A small network of bottlenecks. */
const rows: Record<string, Architecture> = {
  bottlenecks: { ...architecture('resnet50'), widths: [8, 16, 32, 64], layers: [1, 1, 1, 1] },
}

describe('initialParameters', () => {
  const initial = initialParameters(architecture('resnet20_b'))

  test.each([
    ['conv1.weight', 16 * 9],
    ['layer3.2.conv2.weight', 64 * 9],
    ['layer2.0.downsample.0.weight', 32],
  ])('%s has variance 2 / fan-out', (name, fanOut) => {
    const { mean, deviation } = moments(initial.get(name)!)
    const wanted = Math.sqrt(2 / fanOut)
    // Four standard errors.
    const count = initial.get(name)!.length
    expect(Math.abs(mean)).toBeLessThan((4 * wanted) / Math.sqrt(count))
    expect(Math.abs(deviation - wanted)).toBeLessThan((4 * wanted) / Math.sqrt(2 * count))
  })

  test('the classifier is uniform within 1 / sqrt(fan-in)', () => {
    const values = initial.get('fc.weight')!
    const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
    expect(largest).toBeLessThanOrEqual(1 / 8)
    expect(largest).toBeGreaterThan(0.12)
    expect(moments(values).deviation).toBeCloseTo(1 / 8 / Math.sqrt(3), 2)
  })

  test.each([
    ['bn1.weight', 1],
    ['layer1.0.bn2.weight', 1],
    ['bn1.bias', 0],
    ['bn1.running_mean', 0],
    ['bn1.running_var', 1],
  ])('%s is %d', (name, value) => {
    expect(new Set(initial.get(name))).toEqual(new Set([value]))
  })

  const wide = { ...architecture('resnet20_b_nobn'), classes: 1000 }
  test.each<[Initialization, name: string, deviation: number]>([
    ['xavier', 'conv1.weight', Math.sqrt(2 / (27 + 144))],
    ['xavier', 'layer3.0.conv1.weight', Math.sqrt(2 / (288 + 576))],
    ['xavier', 'fc.weight', Math.sqrt(2 / 1064)],
    ['gaussian', 'layer3.2.conv2.weight', 0.01],
    ['gaussian', 'layer2.0.downsample.0.weight', 0.01],
    ['gaussian', 'fc.weight', 0.01],
    ['kaiming', 'layer3.2.conv2.weight', Math.sqrt(2 / 576)],
  ])('%s draws %s', (initialization, name, wanted) => {
    const values = initialParameters(wide, { initialization }).get(name)!
    const { mean, deviation } = moments(values)
    expect(Math.abs(mean)).toBeLessThan((4 * wanted) / Math.sqrt(values.length))
    expect(Math.abs(deviation - wanted)).toBeLessThan((4 * wanted) / Math.sqrt(2 * values.length))
    // Uniform numbers are bounded.
    const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
    if (initialization === 'xavier') expect(largest).toBeLessThanOrEqual(Math.fround(wanted * Math.sqrt(3)))
    else expect(largest).toBeGreaterThan(2 * wanted)
  })

  test.each(INITIALIZATIONS)(
    "with %s the biases of convolutions are 0, and so are the classifier's, except with kaiming",
    initialization => {
      const biases = [...initialParameters(wide, { initialization })].filter(([name]) => name.endsWith('.bias'))
      expect(biases).toHaveLength(1 + 18 + 2 + 1)
      for (const [name, values] of biases) {
        expect([name, values.some(value => value !== 0)]).toEqual([
          name,
          name === 'fc.bias' && initialization === 'kaiming',
        ])
      }
    },
  )

  test('the seed determines the weights', () => {
    expect(initialParameters(architecture('resnet20_b'), { seed: 0 })).toEqual(initial)
    const other = initialParameters(architecture('resnet20_b'), { seed: 1 })
    expect(other.get('conv1.weight')).not.toEqual(initial.get('conv1.weight'))
  })

  test('layers with the same name start with the same weights at all depths', () => {
    const deeper = initialParameters(architecture('resnet32_b'))
    expect(deeper.get('layer1.0.conv1.weight')).toEqual(initial.get('layer1.0.conv1.weight'))
  })

  test.each([
    ['resnet20', /^layer\d\.\d\.bn2\.weight$/, 9],
    ['bottlenecks', /^layer\d\.\d\.bn3\.weight$/, 4],
    ['resnet20_v2', /^layer\d\.\d\.conv2\.weight$/, 9],
    ['resnet20_nobn', /^layer\d\.\d\.conv2\.weight$/, 9],
    ['resnet50_nobn', /^layer\d\.\d\.conv3\.weight$/, 16],
    ['plain20', /^$/, 0],
  ])('zeroInitResidual in %s', (name, last, count) => {
    const zero = initialParameters(rows[name] ?? architecture(name), { zeroInitResidual: true })
    const zeros = [...zero].filter(([key, values]) => key.endsWith('.weight') && values.every(value => value === 0))
    expect(zeros).toHaveLength(count)
    for (const [key] of zeros) expect(key).toMatch(last)
  })
})

test('an unknown option is refused', () => {
  expect(() => initialParameters(architecture('resnet8'), { zeroInit: true } as object)).toThrow(
    'initialParameters: got the unknown key "zeroInit", wanted some of seed, zeroInitResidual, initialization',
  )
})
