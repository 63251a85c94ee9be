import { describe, expect, test } from 'vitest'
import {
  type Computation,
  compile,
  constant,
  conv2d,
  grad,
  input,
  ParameterError,
  type Program,
  parameter,
  ShapeError,
  type Tensor,
  weightedSum,
} from '../src/index.ts'
import { backends } from './conformance/backends.ts'

type Updates = Map<Tensor<'parameter'>, Tensor>

const values = (...numbers: number[]) => Float32Array.from(numbers)
const a = parameter('a', [3])
const b = parameter('b', [3])
const parameters = new Map([
  ['a', values(1, 2, 3)],
  ['b', values(10, 20, 30)],
])

/** Updates, and the values of the parameters after two runs. */
const cases: readonly [name: string, updates: [Tensor<'parameter'>, Tensor][], after: Record<string, number[]>][] = [
  ['a sum with itself', [[a, a.add(a)]], { a: [4, 8, 12] }],
  ['a weighted sum in place', [[a, weightedSum([a, b], [0.5, 1])]], { a: [15.25, 30.5, 45.75] }],
  [
    'two updates that read each other',
    [
      [a, a.add(b)],
      [b, b.sub(a)],
    ],
    { a: [20, 40, 60], b: [-2, -4, -6] },
  ],
  [
    'an exchange',
    [
      [a, b],
      [b, a],
    ],
    { a: [1, 2, 3], b: [10, 20, 30] },
  ],
  [
    'a shift through both',
    [
      [a, b],
      [b, constant([7, 7, 7])],
    ],
    { a: [7, 7, 7], b: [7, 7, 7] },
  ],
  [
    'one value for both',
    [
      [a, a.mul(2)],
      [b, a.mul(2)],
    ],
    { a: [4, 8, 12], b: [4, 8, 12] },
  ],
  [
    'one tensor for both',
    (() => {
      const twice = a.mul(2)
      return [
        [a, twice],
        [b, twice],
      ] as [Tensor<'parameter'>, Tensor][]
    })(),
    { a: [4, 8, 12], b: [4, 8, 12] },
  ],
  ['an element that moves', [[a, a.slice([1], [3]).pad([[0, 1]])]], { a: [3, 0, 0] }],
  ['a parameter that scales itself', [[a, a.mul(a.sum())]], { a: [216, 432, 648] }],
  ['a weight that is its own weight', [[a, weightedSum([a, a, a], a)]], { a: [216, 432, 648] }],
]

async function withProgram<T>(computation: Computation, options: object, use: (program: Program) => Promise<T>) {
  const program = await compile(computation, options)
  try {
    return await use(program)
  } finally {
    program[Symbol.dispose]()
  }
}

describe.each(backends)('updates on $name', ({ options }) => {
  test.each(cases)('%s', async (_, updates, after) => {
    await withProgram({ outputs: {}, parameters, updates: new Map(updates) }, options, async program => {
      await program.run({})
      await program.run({})
      const state = Object.fromEntries([...(await program.read())].map(([name, data]) => [name, [...data]]))
      expect(state).toEqual(after)
    })
  })

  test('results use the values before the update, and so does a parameter that is a result', async () => {
    const outputs = { sum: a.add(b), before: a, reshaped: a.reshape([3, 1]) }
    const updates: Updates = new Map([[a, a.mul(2)]])
    await withProgram({ outputs, parameters, updates }, options, async program => {
      await program.run({})
      const { sum, before, reshaped } = await program.run({})
      expect([...sum]).toEqual([12, 24, 36])
      expect([...before]).toEqual([2, 4, 6])
      expect([...reshaped]).toEqual([2, 4, 6])
    })
  })

  test('gradient descent finds the minimum', async () => {
    const target = input('target', [3])
    const loss = a.sub(target).square().sum()
    const [gradient] = grad(loss, [a])
    const velocity = parameter('velocity', [3], { trainable: false })
    const nextVelocity = weightedSum([velocity, gradient], [0.5, 1])
    const rate = input('rate', [])
    const updates: Updates = new Map([
      [a, weightedSum([a, nextVelocity], [1, rate.neg()])],
      [velocity, nextVelocity],
    ])
    const given = new Map([...parameters, ['velocity', values(0, 0, 0)]])
    await withProgram({ outputs: { loss }, parameters: given, updates }, options, async program => {
      const inputs = { target: values(-1, 0, 5), rate: values(0.1) }
      const losses: number[] = []
      for (let i = 0; i < 60; i++) losses.push((await program.run(inputs)).loss[0])
      expect(losses[0]).toBe(12)
      expect(losses[59]).toBeLessThan(1e-6)
      const { a: found } = Object.fromEntries(await program.read())
      for (const [i, wanted] of [-1, 0, 5].entries()) expect(found[i]).toBeCloseTo(wanted, 3)
    })
  })

  test('the next run starts from the written state; the rest stays', async () => {
    const updates: Updates = new Map([
      [a, a.add(1)],
      [b, b.add(1)],
    ])
    await withProgram({ outputs: { a }, parameters, updates }, options, async program => {
      await program.run({})
      const mine = values(5, 6, 7)
      const written = program.write(new Map([['a', mine]]))
      mine.fill(0)
      await written
      expect([...(await program.run({})).a]).toEqual([5, 6, 7])
      const state = await program.read()
      expect([...state.get('a')!]).toEqual([6, 7, 8])
      expect([...state.get('b')!]).toEqual([12, 22, 32])
    })
  })
})

/** Gradient descent with momentum for a chain of convolutions, whose weights are much larger than their inputs. */
function descent(layers: number): Computation {
  const shape = [64, 64, 3, 3]
  const weights = Array.from({ length: layers }, (_, i) => parameter(`layer${i}`, shape))
  const x = weights.reduce<Tensor>((y, weight) => conv2d(y, weight, { padding: 1 }), input('x', [1, 4, 4, 64]))
  const gradients = grad(x.sum(), weights)
  const rate = input('rate', [])
  const changes = weights.map((weight, i) => {
    const velocity = parameter(`velocity${i}`, shape)
    const next = weightedSum([velocity, gradients[i]], [0.9, 1])
    return { weight, velocity, next, after: weightedSum([weight, gradients[i], next], [1, rate, rate.mul(0.9)]) }
  })
  return {
    outputs: {},
    parameters: new Map(
      changes.flatMap(({ weight, velocity }) =>
        [weight, velocity].map(({ attributes: { name } }) => [name, new Float32Array(64 * 64 * 9)]),
      ),
    ),
    // All weights first, and then all velocities.
    updates: new Map([
      ...changes.map(({ weight, after }) => [weight, after] as const),
      ...changes.map(({ velocity, next }) => [velocity, next] as const),
    ]),
  }
}

test('neither gradients nor packed weights of all layers are in memory at once', async () => {
  const bytes = (layers: number) => withProgram(descent(layers), {}, async ({ memory }) => memory.activations)
  const [two, eight] = [await bytes(2), await bytes(8)]
  // Six more layers keep their activations for back-propagation.
  expect(eight - two).toBe(6 * 4 * 4 * 64 * 4)
})

test('the caller may change its arrays after compiling', async () => {
  const mine = values(1, 2, 3)
  const computation = { outputs: {}, parameters: new Map([['a', mine]]), updates: new Map([[a, a.add(1)]]) }
  for (const backend of ['wasm', 'reference'] as const) {
    await withProgram(computation, { backend }, async program => {
      await program.run({})
      expect([...mine]).toEqual([1, 2, 3])
    })
  }
})

test.each<[string, () => Promise<unknown>, string, new (message: string) => Error]>([
  [
    'an update of another shape',
    () => compile({ outputs: {}, parameters, updates: new Map([[a, a.sum()]]) }),
    "compile: got the f32 update [] of 'a', wanted f32 [3]",
    ShapeError,
  ],
  [
    'an update of integers',
    () => compile({ outputs: {}, parameters, updates: new Map([[a, input('x', [3, 2]).argmax()]]) }),
    "compile: got the i32 update [3] of 'a', wanted f32 [3]",
    ShapeError,
  ],
  [
    'a parameter without a value',
    () => compile({ outputs: {}, updates: new Map([[a, constant([1, 2, 3])]]) }),
    "compile: parameters do not fit: 'a' [3] is missing",
    ParameterError,
  ],
  [
    'writing a parameter that is not state',
    async () => (await compile({ outputs: { a }, parameters })).write(parameters),
    "write: 'a' is not a parameter that the program updates",
    ParameterError,
  ],
  [
    'writing another size',
    async () =>
      (await compile({ outputs: {}, parameters, updates: new Map([[a, a.add(1)]]) })).write(
        new Map([['a', values(1)]]),
      ),
    "write: 'a' has 1 values, wanted 3",
    ParameterError,
  ],
  [
    'the gradient of a matrix',
    async () => grad(input('x', [2, 2]), []),
    'grad: got a loss [2, 2], wanted a scalar []',
    ShapeError,
  ],
])('%s is refused', async (_, call, message, type) => {
  const error = await call().then(
    () => undefined,
    reason => reason,
  )
  expect(error).toBeInstanceOf(type)
  expect(error.message).toBe(message)
})

test('the gradient of a parameter that the loss does not depend on is zero', async () => {
  const [gradient] = grad(a.sum(), [b])
  expect([...(await gradient.data())]).toEqual([0, 0, 0])
})

test('gradients can be differentiated again', async () => {
  const x = constant([1, 2, 3])
  const [first] = grad(x.square().mul(x).sum(), [x])
  const [second] = grad(first.sum(), [x])
  expect([...(await first.data())]).toEqual([3, 12, 27])
  expect([...(await second.data())]).toEqual([6, 12, 18])
})
