import { describe, expect, test } from 'vitest'
import {
  type CompileOptions,
  compile,
  constant,
  conv2d,
  globalAvgPool,
  input,
  linear,
  ParameterError,
  parameter,
  ResidualError,
  ShapeError,
} from '../src/index.ts'

const x = input('x', [2, 3])
const y = linear(x, parameter('fc.weight', [2, 3]), parameter('fc.bias', [2])).relu()
const parameters = new Map([
  ['fc.weight', Float32Array.of(1, 0, 0, 0, 1, 0)],
  ['fc.bias', Float32Array.of(0.5, -10)],
  ['unused', Float32Array.of(1)],
])
const reference: CompileOptions = { backend: 'reference' }

describe('compile', () => {
  test('computes the outputs by name, any number of times', async () => {
    const program = await compile({ outputs: { y, index: y.argmax(), x }, parameters }, reference)
    const values = Float32Array.of(1, 2, 3, 4, 50, 6)
    const first = await program.run({ x: values })
    expect(first).toEqual({ y: Float32Array.of(1.5, 0, 4.5, 40), index: Int32Array.of(0, 1), x: values })
    expect(first.x).not.toBe(values)
    const second = await program.run({ x: new Float32Array(6) })
    expect(second.y).toEqual(Float32Array.of(0.5, 0, 0.5, 0))
    expect(first.y).toEqual(Float32Array.of(1.5, 0, 4.5, 40))
  })

  test('reports the build, threads and memory', async () => {
    const { build, threads, memory } = await compile({ outputs: { y }, parameters }, reference)
    expect({ build, threads, memory }).toEqual({
      build: 'reference',
      threads: 1,
      memory: { weights: 4 * 8, activations: 4 * (6 + 4), instructions: 0 },
    })
  })

  test('reports all parameters that do not fit in one error', async () => {
    const given = new Map([['fc.weight', new Float32Array(5)]])
    await expect(compile({ outputs: { y }, parameters: given }, reference)).rejects.toThrow(
      new ParameterError(
        "compile: parameters do not fit: 'fc.weight' has 5 values, wanted 6 for [2, 3]; 'fc.bias' [2] is missing",
      ),
    )
  })

  test('wants a positive number of threads', async () => {
    await expect(compile({ outputs: { y }, parameters }, { threads: 0 })).rejects.toThrow(
      new ResidualError('compile: got threads 0, wanted a whole number of at least 1'),
    )
  })

  test.each<[options: object, message: string]>([
    [{ thread: 2 }, 'compile: got the unknown key "thread", wanted some of threads, build, backend'],
    [{ build: 'simd' }, 'compile: got build "simd", wanted "auto" or "simd128" or "relaxed"'],
  ])('refuses the options %j', async (options, message) => {
    await expect(compile({ outputs: { y }, parameters }, options)).rejects.toThrow(new ResidualError(message))
  })
})

describe('profile', () => {
  const image = input('image', [1, 4, 4, 2])
  const weight = parameter('layer1.conv.weight', [2, 2, 3, 3])
  const features = globalAvgPool(conv2d(image, weight, { padding: 1 }).relu())
  const outputs = { y: linear(features, parameter('fc.weight', [3, 2])) }
  const weights = new Map([
    ['layer1.conv.weight', new Float32Array(36)],
    ['fc.weight', new Float32Array(6)],
  ])

  test.each([
    { backend: 'wasm', kernels: ['fill + copy + conv2d', 'reduce', 'conv2d'] },
    { backend: 'reference', kernels: ['reference', 'reference', 'reference'] },
  ] as const)('times the steps that remain after fusion on $backend', async ({ backend, kernels }) => {
    const program = await compile({ outputs, parameters: weights }, { backend })
    const steps = await program.profile({ image: new Float32Array(32) })
    const isTimed = true
    expect(steps.map(({ milliseconds, ...step }) => ({ ...step, isTimed: milliseconds >= 0 }))).toEqual([
      {
        name: 'layer1.conv',
        operation: 'conv2d',
        kernel: kernels[0],
        shape: [1, 4, 4, 2],
        macs: 576,
        bytes: 400,
        isTimed,
      },
      { name: '', operation: 'globalAvgPool', kernel: kernels[1], shape: [1, 2], macs: 0, bytes: 136, isTimed },
      { name: 'fc', operation: 'matmul', kernel: kernels[2], shape: [1, 3], macs: 6, bytes: 44, isTimed },
    ])
  })

  test('does not affect the outputs of later runs', async () => {
    const program = await compile({ outputs: { y }, parameters })
    const before = await program.run({ x: Float32Array.of(1, 2, 3, 4, 5, 6) })
    await program.profile({ x: new Float32Array(6) })
    expect(await program.run({ x: Float32Array.of(1, 2, 3, 4, 5, 6) })).toEqual(before)
  })
})

describe('run', () => {
  const right = new Float32Array(6)
  const wrong: [inputs: Record<string, unknown>, message: string][] = [
    [{}, "run: input 'x' is missing; the program takes 'x' [2, 3]"],
    [{ x: [1, 2, 3, 4, 5, 6] }, "run: input 'x' is not a Float32Array; the program takes 'x' [2, 3]"],
    [{ x: new Float32Array(5) }, "run: got 5 values for input 'x', wanted 6 for shape [2, 3]"],
    [{ x: right, z: right }, "run: got an input 'z'; the program takes 'x' [2, 3]"],
  ]
  test.each(wrong)('%o', async (inputs, message) => {
    const program = await compile({ outputs: { y }, parameters }, reference)
    await expect(program.run(inputs as Record<string, Float32Array>)).rejects.toThrow(new ShapeError(message))
  })

  test('takes inputs with names that every object inherits', async () => {
    const odd = input('constructor', [1])
    const program = await compile({ outputs: { y: odd.neg() } }, reference)
    await expect(program.run({})).rejects.toThrow(
      new ShapeError("run: input 'constructor' is missing; the program takes 'constructor' [1]"),
    )
    expect(await program.run({ constructor: Float32Array.of(2) } as never)).toEqual({ y: Float32Array.of(-2) })
  })

  test('is refused after the program was disposed of', async () => {
    const program = await compile({ outputs: { y }, parameters }, reference)
    program[Symbol.dispose]()
    program[Symbol.dispose]()
    await expect(program.run({ x: right })).rejects.toThrow(
      new ResidualError('run: the program was disposed of; compile it again'),
    )
  })
})

describe('data', () => {
  test('computes one tensor', async () => {
    const a = constant([1, 2, 3, 4], [2, 2])
    expect(await a.matmul(a).add(1).relu().data()).toEqual(Float32Array.of(8, 11, 16, 23))
    expect(await a.argmax().data()).toEqual(Int32Array.of(1, 1))
    expect(await constant(5).data()).toEqual(Float32Array.of(5))
    expect(await constant([], [0, 3]).sum(0).data()).toEqual(Float32Array.of(0, 0, 0))
  })

  test('is refused for tensors that depend on inputs or parameters', async () => {
    await expect(x.neg().data()).rejects.toThrow(
      new ShapeError("run: input 'x' is missing; the program takes 'x' [2, 3]"),
    )
    await expect(y.data()).rejects.toThrow(ParameterError)
  })
})
