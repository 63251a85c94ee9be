import { describe, expect, test } from 'vitest'
import {
  batchNorm,
  compile,
  conv2d,
  dtypeBytes,
  fromFloat32,
  input,
  matmul,
  parameter,
  type Tensor,
  toFloat32,
  type Weight,
} from '../src/index.ts'

const valuesOf = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + seed) / 4)

/** A weight of these values that is read on demand, and that counts the values read. */
function sourceOf(values: Float32Array, shape: number[], isLater: boolean): Weight & { count: number } {
  return readWeight(fromFloat32(values, shape, 'F32'), isLater)
}

/** A weight that is read on demand from a weight in memory, and that counts the values read. */
function readWeight(stored: Weight<Uint8Array>, isLater: boolean): Weight & { count: number } {
  const weight = {
    ...stored,
    count: 0,
    bytes(target: Uint8Array, from: number) {
      weight.count += target.length / dtypeBytes[stored.dtype]
      const fill = () => target.set(stored.bytes.subarray(from, from + target.length))
      return isLater ? new Promise<void>(resolve => setTimeout(resolve)).then(fill) : fill()
    },
  }
  return weight
}

type Network = Record<string, { shape: number[]; build: (x: Tensor, w: Tensor) => Tensor }>

/** A batch norm that scales output `o` by o + 1. */
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
  'a convolution with a batch norm': { shape: [10, 12, 3, 3], build: (x, w) => norm(conv2d(x, w)) },
  'a convolution with more weights than are read at a time': {
    shape: [500, 12, 7, 7],
    build: (x, w) => norm(conv2d(x, w, { padding: 3 })),
  },
  'a grouped convolution with more weights than are read at a time': {
    shape: [96, 4, 29, 29],
    build: (x, w) => norm(conv2d(x, w, { padding: 14, groups: 3 })),
  },
  'a convolution that transforms its weights in each run': {
    shape: [800, 12, 3, 3],
    build: (x, w) => norm(conv2d(x, w, { padding: 1 })),
  },
  'a product': { shape: [7, 12], build: (x, w) => matmul(x.reshape([-1, 12]), w, { transposeB: true }) },
  'a product with weights that are not transposed': { shape: [12, 9], build: (x, w) => matmul(x.reshape([-1, 12]), w) },
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
  const parameters = (w: Float32Array | Weight) =>
    new Map<string, Float32Array | Weight>([['w', w], ...normParameters(shape[0])])
  const program = (batch: number, w: Float32Array | Weight, options = {}) => {
    const outputs = { y: build(image(batch), parameter('w', shape)) }
    return compile({ outputs, parameters: parameters(w) }, options)
  }
  const images = valuesOf(2 * 6 * 5 * 12, 4)

  test.each([false, true])('are the same when they are read on demand (asynchronously: %s)', async isLater => {
    using wanted = await program(2, weights)
    const { y } = await wanted.run({ x: images })
    const source = sourceOf(weights, shape, isLater)
    using read = await program(2, source)
    expect((await read.run({ x: images })).y).toEqual(y)
    expect(source.count).toBe(weights.length)
  })
})

const shape = [16, 12, 3, 3]
const values = valuesOf(16 * 12 * 9, 5)

/** Values as 8-bit integers with a scale for each output. */
function quantised(values: Float32Array, shape: number[]): Weight<Uint8Array> {
  const row = values.length / shape[0]
  const scale = Float32Array.from({ length: shape[0] }, (_, o) => (o + 1) / 1000)
  const integers = Int8Array.from(values, (value, i) => Math.round(value / scale[Math.floor(i / row)]))
  return { dtype: 'I8', shape, bytes: new Uint8Array(integers.buffer), scale }
}

const storedAs: [type: string, weight: Weight<Uint8Array>][] = [
  ['F32', fromFloat32(values, shape, 'F32')],
  ['F32 at any address', unaligned(fromFloat32(values, shape, 'F32'))],
  ['F16', fromFloat32(values, shape, 'F16')],
  ['BF16', fromFloat32(values, shape, 'BF16')],
  ['F64', { dtype: 'F64', shape, bytes: new Uint8Array(Float64Array.from(values).buffer) }],
  ['I8 with a scale', quantised(values, shape)],
]

function unaligned(weight: Weight<Uint8Array>): Weight<Uint8Array> {
  const room = new Uint8Array(weight.bytes.length + 1)
  room.set(weight.bytes, 1)
  return { ...weight, bytes: room.subarray(1) }
}

describe.each(storedAs)('a weight stored as %s', (_, weight) => {
  const x = valuesOf(2 * 360, 4)
  const outputs = {
    y: norm(conv2d(image(2), parameter('w', shape))),
    sums: parameter('w', shape).sum([1, 2, 3]),
  }
  const run = async (output: 'y' | 'sums', w: Float32Array | Weight, backend: 'wasm' | 'reference') => {
    const parameters = new Map([['w', w], ...normParameters(16)])
    using program = await compile({ outputs: { y: outputs[output] }, parameters }, { backend })
    return (await program.run(output === 'y' ? { x } : {})).y
  }

  test.each([
    ['y', 'wasm'],
    ['y', 'reference'],
    ['sums', 'wasm'],
    ['sums', 'reference'],
  ] as const)('produces the same %s on %s as its values do, in memory and on demand', async (output, backend) => {
    const wanted = await run(output, toFloat32(weight), backend)
    for (const w of [weight, readWeight(weight, false), readWeight(weight, true)]) {
      const found = await run(output, w, backend)
      if (weight.scale) for (const [i, value] of found.entries()) expect(value).toBeCloseTo(wanted[i], 5)
      else expect(found).toEqual(wanted)
    }
  })
})

describe('a weight that is read on demand', () => {
  const parameters = (w: Weight, gamma = 1) =>
    new Map<string, Float32Array | Weight>([
      ['w', w],
      ...normParameters(16),
      ['gamma', new Float32Array(16).fill(gamma)],
    ])
  const program = (batch: number, w: Weight, gamma?: number, options = {}) => {
    const outputs = { y: norm(conv2d(image(batch), parameter('w', shape))) }
    return compile({ outputs, parameters: parameters(w, gamma) }, options)
  }

  test('is read once for all programs that pack it in the same way, until none of them is left', async () => {
    const source = sourceOf(values, shape, true)
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
    const source = sourceOf(values, shape, false)
    using one = await program(1, source, 1)
    using two = await program(1, source, 2)
    using threads = await program(1, source, 1, { threads: 2 })
    expect(source.count).toBe(3 * values.length)
    const x = valuesOf(360, 7)
    expect(await threads.run({ x })).toEqual(await one.run({ x }))
    expect(await two.run({ x })).not.toEqual(await one.run({ x }))
  })

  test('makes the compilation fail if it cannot be read, and the next compilation may succeed', async () => {
    const source = sourceOf(values, shape, false)
    const gone = () => Promise.reject(new Error('the disk is gone'))
    const failing: Weight = { dtype: 'F32', shape, bytes: gone }
    await expect(program(1, failing)).rejects.toThrow('the disk is gone')
    using working = await program(1, source)
    using reference = await program(1, source, 1, { backend: 'reference' })
    const [{ y }, wanted] = await Promise.all([working, reference].map(({ run }) => run({ x: valuesOf(360, 8) })))
    for (const [i, value] of y.entries()) expect(value).toBeCloseTo(wanted.y[i], 4)
  })

  test.each<[what: string, w: Weight, problem: string]>([
    [
      'another shape',
      { ...fromFloat32(values, shape, 'F32'), shape: [16, 3, 3, 12] },
      'is [16, 3, 3, 12], wanted [16, 12, 3, 3]',
    ],
    [
      'bytes of another type',
      { ...fromFloat32(values, shape, 'F32'), dtype: 'F16' },
      'F16 [16,12,3,3] does not take 6912 bytes',
    ],
    [
      'another scale',
      { ...quantised(values, shape), scale: new Float32Array(15) },
      'I8 [16,12,3,3] does not take a scale of 15 values',
    ],
  ])('is refused with %s', async (_, w, problem) => {
    await expect(program(1, w)).rejects.toThrow(
      expect.objectContaining({
        name: 'ParameterError',
        message: `compile: parameters do not fit: 'w' ${problem}`,
      }),
    )
  })

  test('is refused with another length, as an array is', async () => {
    await expect(program(1, sourceOf(values.slice(1), [1727], false))).rejects.toThrow(
      "compile: parameters do not fit: 'w' has 1727 values, wanted 1728 for [16, 12, 3, 3]",
    )
  })

  test('provides the first values of parameters that a program updates', async () => {
    const w = parameter('w', [12])
    const source = sourceOf(valuesOf(12, 9), [12], true)
    const outputs = { y: image(1).mul(w).sum() }
    using training = await compile({ outputs, parameters: new Map([['w', source]]), updates: new Map([[w, w.add(1)]]) })
    expect((await training.read()).get('w')).toEqual(valuesOf(12, 9))
  })
})
