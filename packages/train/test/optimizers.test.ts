import { readFileSync } from 'node:fs'
import { compile, input, parameter, ResidualError, type Tensor } from '@residual/core'
import { checkOptions } from '@residual/core/schema'
import { architecture } from '@residual/resnet'
import { describe, expect, test } from 'vitest'
import {
  accumulated,
  adamw,
  clipped,
  cosineRate,
  type LarsOptions,
  lamb,
  lars,
  type Optimizer,
  recipe,
  sgd,
  stepRate,
} from '../src/index.ts'

const goldens: Record<string, Record<string, number[]>> = JSON.parse(
  readFileSync(new URL('goldens/optimizers.json', import.meta.url), 'utf8'),
).optimizers

const SHAPES = { 'conv.weight': [3, 4], 'bn.weight': [5] }
const STEPS = 6

/** The same formulas as in make_goldens.py. */
const values = (shape: readonly number[], value: (i: number) => number): Float32Array =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => value(i))
const gradient = (shape: readonly number[], step: number) =>
  values(shape, i => Math.cos(0.3 * i + 1.7 * step + shape.length) * (1 + step))
const rateOf = (step: number) => 0.1 / (1 + step)

/** Compiles an optimiser to a program with the gradients as inputs. */
async function programOf(optimizer: Optimizer, rate?: (name: string) => number) {
  const parameters = Object.entries(SHAPES).map(([name, shape]) => parameter(name, shape))
  const gradients = parameters.map(({ attributes, shape }) => input(`d ${attributes.name}`, shape))
  const learningRate = input('learningRate', [])
  const { updates, state, inputs } = optimizer({ parameters, gradients, learningRate, rate })
  const weights = parameters.map(
    ({ attributes, shape }) => [attributes.name, values(shape, i => Math.sin(1 + 0.7 * i + shape.length))] as const,
  )
  // A program needs an output; any will do.
  const outputs: Record<string, Tensor> = { first: parameters[0].slice([0, 0], [1, 1]) }
  const program = await compile({ outputs, updates, parameters: new Map([...weights, ...state]) })
  const run = (step: number, scale = 1, rate = rateOf(step)) =>
    program.run({
      ...Object.fromEntries(
        Object.entries(SHAPES).map(([name, shape]) => [`d ${name}`, gradient(shape, step).map(x => scale * x)]),
      ),
      learningRate: Float32Array.of(rate),
      ...inputs(step),
    })
  return { run, program, inputs, weights: new Map(weights) }
}

const cases: [golden: string, optimizer: Optimizer, rate?: (name: string) => number][] = [
  ['sgd', sgd({ momentum: 0, weightDecay: 0 })],
  ['sgd, decay', sgd({ momentum: 0, weightDecay: 0.1 })],
  ['sgd, momentum', sgd({ weightDecay: 0 })],
  ['sgd, momentum, decay', sgd({ weightDecay: 0.1 })],
  ['sgd, nesterov, decay', sgd({ nesterov: true, weightDecay: 0.1 })],
  ['sgd, nesterov, decay of weights', sgd({ nesterov: true, weightDecay: 0.1, decayNorms: false })],
  ['sgd, momentum, clip', clipped(sgd({ weightDecay: 0 }), 1.5)],
  ['sgd, momentum, rates', sgd({ weightDecay: 0 }), name => (name.startsWith('conv') ? 0.25 : 1)],
  ['adamw', adamw()],
  ['adamw, options', adamw({ beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.2 })],
  ['adamw, decay of weights, clip', clipped(adamw({ weightDecay: 0.1, decayNorms: false }), 2)],
  ['lars', lars({ weightDecay: 0.1, trust: 0.02 })],
  ['lamb', lamb()],
  ['lamb, options', lamb({ beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.2 })],
]

describe('optimisers', () => {
  test('all goldens are compared', () => {
    expect(cases.map(([name]) => name)).toEqual(Object.keys(goldens))
  })

  test.each(cases)('%s gives the same values as Python', async (name, optimizer, rate) => {
    const { run, program } = await programOf(optimizer, rate)
    for (let step = 0; step < STEPS; step++) await run(step)
    const state = await program.read()
    for (const [key, wanted] of Object.entries(goldens[name])) {
      const got = [...state.get(key)!]
      // Rounding errors of float32 after six steps with values around 1.
      got.forEach((value, i) => {
        expect(Math.abs(value - wanted[i]), `${key}[${i}]: ${value}, wanted ${wanted[i]}`).toBeLessThan(5e-6)
      })
    }
  })

  test.each([
    ['adamw', adamw({ decayNorms: false })],
    ['lamb', lamb()],
    ['lars', lars()],
    ['clipped sgd', clipped(sgd({ weightDecay: 0 }), 1)],
  ])('%s stays finite without a gradient', async (_, optimizer) => {
    const { run, program } = await programOf(optimizer)
    for (let step = 0; step < 2; step++) await run(step, 0)
    for (const [name, array] of await program.read()) expect(array.every(Number.isFinite), name).toBe(true)
  })

  test('decoupled decay shrinks the weights and does not change the momentum', async () => {
    const { run, program, weights } = await programOf(sgd({ weightDecay: 0.5, decoupled: true }))
    await run(0, 0)
    await run(1, 0)
    const state = await program.read()
    expect([...state.get('momentum.bn.weight')!]).toEqual([0, 0, 0, 0, 0])
    state.get('bn.weight')!.forEach((value, i) => {
      expect(value).toBeCloseTo(weights.get('bn.weight')![i] * (1 - 0.1 * 0.5) * (1 - 0.05 * 0.5), 6)
    })
  })
})

describe('options', () => {
  test('have the same defaults as in recipes', () => {
    const { optimizer } = recipe({ epochs: 1 }, architecture('resnet20'))
    expect(checkOptions('sgd', {}, sgd.options)).toEqual({ ...optimizer, kind: undefined })
  })

  test.each<[make: () => unknown, message: string]>([
    [() => sgd({ momentum: 2 }), 'sgd: got momentum 2, wanted a number from 0 to 1'],
    [
      () => lars({ nesterov: true } as LarsOptions),
      'lars: got the unknown key "nesterov", wanted some of momentum, weightDecay, trust',
    ],
    [() => adamw({ epsilon: '1' } as object), 'adamw: got epsilon "1", wanted a number of at least 0'],
    [
      () => lamb({ decayNorms: false } as object),
      'lamb: got the unknown key "decayNorms", wanted some of beta1, beta2, epsilon, weightDecay',
    ],
    [() => cosineRate(0.1, {} as never), 'cosineRate: got steps nothing, wanted a whole number of at least 0'],
    [
      () => stepRate(0.1, { milestones: [1], factor: 2 } as never),
      'stepRate: got the unknown key "factor", wanted some of milestones, gamma',
    ],
  ])('%s is refused', (make, message) => {
    expect(make).toThrow(new ResidualError(message))
  })
})

describe('accumulated', () => {
  test.each([
    ['sgd', sgd({ weightDecay: 0.1 })],
    ['adamw', adamw()],
    ['clipped', clipped(sgd({ weightDecay: 0 }), 1.5)],
  ])('%s takes a step with the mean of the gradients', async (_, optimizer) => {
    const whole = await programOf(optimizer)
    const parts = await programOf(accumulated(optimizer, 4))
    for (let step = 0; step < 3; step++) {
      await whole.run(step)
      for (let part = 0; part < 4; part++) {
        // 0.25 + 0.75 + 1.25 + 1.75 = 4, so the mean is the gradient.
        const gradients = Object.entries(SHAPES).map(([name, shape]) => [
          `d ${name}`,
          gradient(shape, step).map(x => (0.25 + part / 2) * x),
        ])
        const learningRate = Float32Array.of(rateOf(step))
        const before = await parts.program.read()
        await parts.program.run({ ...Object.fromEntries(gradients), learningRate, ...parts.inputs(4 * step + part) })
        if (part === 3) continue
        for (const [name, array] of await parts.program.read()) {
          if (!name.startsWith('sum.')) expect(array, name).toEqual(before.get(name))
        }
      }
    }
    const wanted = await whole.program.read()
    for (const [name, array] of await parts.program.read()) {
      if (name.startsWith('sum.')) continue
      array.forEach((value, i) => {
        expect(value).toBeCloseTo(wanted.get(name)![i], 5)
      })
    }
  })
})
