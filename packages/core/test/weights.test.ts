import { describe, expect, test } from 'vitest'
import { batchNorm, compile, conv2d, input, matmul, parameter, type Tensor, type WeightSource } from '../src/index.ts'

const valuesOf = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + seed) / 4)

/** A source of these values that counts how many were read. */
function sourceOf(values: Float32Array, isLater: boolean): WeightSource & { count: number } {
  return {
    length: values.length,
    count: 0,
    read(target, from) {
      this.count += target.length
      const fill = () => target.set(values.subarray(from, from + target.length))
      return isLater ? new Promise<void>(resolve => setTimeout(resolve)).then(fill) : fill()
    },
  }
}

type Network = Record<string, { shape: number[]; build: (x: Tensor, w: Tensor) => Tensor }>

/** A batch norm whose scale of output `o` is o + 1. */
function norm(x: Tensor): Tensor {
  const channels = x.shape[x.shape.length - 1]
  const all = (name: string) => parameter(name, [channels])
  return batchNorm(x, { gamma: all('gamma'), beta: all('beta'), mean: all('mean'), variance: all('variance') })
}

const normParameters = (channels: number): [string, Float32Array][] => [
  ['gamma', Float32Array.from({ length: channels }, (_, o) => o + 1)],
  ['beta', valuesOf(channels, 1)],
  ['mean', valuesOf(channels, 2)],
  ['variance', new Float32Array(channels).fill(1)],
]

const networks: Network = {
  'a convolution': { shape: [10, 12, 3, 3], build: (x, w) => conv2d(x, w, { padding: 1 }) },
  'one with a batch norm': { shape: [10, 12, 3, 3], build: (x, w) => norm(conv2d(x, w)) },
  'one of more weights than are read at a time': {
    shape: [500, 12, 7, 7],
    build: (x, w) => norm(conv2d(x, w, { padding: 3 })),
  },
  'groups of more weights': { shape: [96, 4, 29, 29], build: (x, w) => norm(conv2d(x, w, { padding: 14, groups: 3 })) },
  'channels that are transformed at each run': {
    shape: [800, 12, 3, 3],
    build: (x, w) => norm(conv2d(x, w, { padding: 1 })),
  },
  'a product': { shape: [7, 12], build: (x, w) => matmul(x.reshape([-1, 12]), w, { transposeB: true }) },
  'a product with the weights as they are': { shape: [12, 9], build: (x, w) => matmul(x.reshape([-1, 12]), w) },
  'weights that are also added': {
    shape: [12, 12],
    build: (x, w) => matmul(x.reshape([-1, 12]), w).add(w.slice([0, 0], [1, 12])),
  },
}

const image = (batch: number) => input('x', [batch, 6, 5, 12])

describe.each(Object.entries(networks))('weights of %s', (_, { shape, build }) => {
  const weights = valuesOf(
    shape.reduce((a, b) => a * b),
    3,
  )
  const parameters = (w: Float32Array | WeightSource) =>
    new Map<string, Float32Array | WeightSource>([['w', w], ...normParameters(shape[0])])
  const program = (batch: number, w: Float32Array | WeightSource, options = {}) => {
    const outputs = { y: build(image(batch), parameter('w', shape)) }
    return compile({ outputs, parameters: parameters(w) }, options)
  }
  const images = valuesOf(2 * 6 * 5 * 12, 4)

  test.each([false, true])('are the same from a source, later: %s', async isLater => {
    using wanted = await program(2, weights)
    const { y } = await wanted.run({ x: images })
    const source = sourceOf(weights, isLater)
    using read = await program(2, source)
    expect((await read.run({ x: images })).y).toEqual(y)
    expect(source.count).toBe(weights.length)
  })
})

describe('a source of weights', () => {
  const shape = [16, 12, 3, 3]
  const values = valuesOf(16 * 12 * 9, 5)
  const parameters = (w: WeightSource, gamma = 1) =>
    new Map<string, Float32Array | WeightSource>([
      ['w', w],
      ...normParameters(16),
      ['gamma', new Float32Array(16).fill(gamma)],
    ])
  const program = (batch: number, w: WeightSource, gamma?: number, options = {}) => {
    const outputs = { y: norm(conv2d(image(batch), parameter('w', shape))) }
    return compile({ outputs, parameters: parameters(w, gamma) }, options)
  }

  test('is read once for all programs that prepare it alike, until none of them is left', async () => {
    const source = sourceOf(values, true)
    const first = await program(1, source)
    const second = await program(3, source)
    expect(source.count).toBe(values.length)
    const before = await second.run({ x: valuesOf(3 * 360, 6) })
    first[Symbol.dispose]()
    using third = await program(3, source)
    expect(source.count).toBe(values.length)
    second[Symbol.dispose]()
    expect(await third.run({ x: valuesOf(3 * 360, 6) })).toEqual(before)
    third[Symbol.dispose]()
    using _ = await program(1, source)
    expect(source.count).toBe(2 * values.length)
  })

  test('is read again for another scale, and for other memory', async () => {
    const source = sourceOf(values, false)
    using one = await program(1, source, 1)
    using two = await program(1, source, 2)
    using threads = await program(1, source, 1, { threads: 2 })
    expect(source.count).toBe(3 * values.length)
    const x = valuesOf(360, 7)
    expect(await threads.run({ x })).toEqual(await one.run({ x }))
    expect(await two.run({ x })).not.toEqual(await one.run({ x }))
  })

  test('that fails makes the compilation fail, and the next one may go well', async () => {
    const source = sourceOf(values, false)
    const failing: WeightSource = { length: values.length, read: () => Promise.reject(new Error('the disk is gone')) }
    await expect(program(1, failing)).rejects.toThrow('the disk is gone')
    using working = await program(1, source)
    using reference = await program(1, source, 1, { backend: 'reference' })
    const [{ y }, wanted] = await Promise.all([working, reference].map(({ run }) => run({ x: valuesOf(360, 8) })))
    for (const [i, value] of y.entries()) expect(value).toBeCloseTo(wanted.y[i], 4)
  })

  test('of another length is refused as an array is', async () => {
    await expect(program(1, sourceOf(values.slice(1), false))).rejects.toThrow(
      "compile: parameters do not fit: 'w' has 1727 values, wanted 1728 for [16, 12, 3, 3]",
    )
  })

  test('gives the first values of parameters that a program updates', async () => {
    const w = parameter('w', [12])
    const source = sourceOf(valuesOf(12, 9), true)
    const outputs = { y: image(1).mul(w).sum() }
    using training = await compile({ outputs, parameters: new Map([['w', source]]), updates: new Map([[w, w.add(1)]]) })
    expect((await training.read()).get('w')).toEqual(valuesOf(12, 9))
  })
})
