import { describe, expect, test } from 'vitest'
import { compile, graphOf, type Tensor } from '../../src/index.ts'
import { evaluate } from '../../src/reference.ts'
import { sizeOf } from '../../src/shape.ts'
import { backends } from './backends.ts'
import { type Case, cases, tolerance, weightOfLoss } from './cases.ts'
import goldens from './goldens/pytorch.json'

type Data = Float32Array | Float64Array | Int32Array

/** The reference is slow, and every backend is compared with it. */
function once<T>(compute: (row: Case) => T): (row: Case) => T {
  const results = new Map<string, T>()
  return row => {
    const result = results.get(row.name) ?? compute(row)
    results.set(row.name, result)
    return result
  }
}

/** What the reference makes of the graph as it was written, before any pass. */
const expected = once(({ computation, inputs }): Data => {
  const graph = graphOf(Object.values(computation.outputs))
  const [output] = evaluate(graph, ({ attributes: { name } }) => inputs[name] ?? computation.parameters!.get(name)!)
  return output.data
})

/** What the reference makes of the gradients, before any pass. */
const expectedGradients = once(({ gradients, values }): Data[] => {
  const graph = graphOf(Object.values(gradients.outputs))
  return evaluate(graph, ({ attributes: { name } }) => values[name]).map(({ data }) => data)
})

/** Terms of a gradient's element: those of the output, or all the output's elements that an input reaches. */
function summed({ accumulation, computation }: Case): number {
  return accumulation + sizeOf(computation.outputs.y.shape)
}

function sumOf(data: Data, term: (value: number, i: number) => number): number {
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += term(data[i], i)
  return sum
}

type Named = readonly (readonly [name: string, values: Float64Array])[]

function named(values: Named, { attributes: { name } }: Tensor<'input' | 'parameter'>): Float64Array {
  return values.find(([key]) => key === name)![1]
}

function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>, accumulation: number): void {
  const finite = Array.from(wanted, Math.abs).filter(Number.isFinite)
  const allowed = tolerance(
    accumulation,
    finite.reduce((max, value) => Math.max(max, value), 0),
  )
  expect(actual.length).toBe(wanted.length)
  for (let i = 0; i < wanted.length; i++) {
    const isClose = Object.is(actual[i], wanted[i]) || Math.abs(actual[i] - wanted[i]) <= allowed
    if (!isClose) expect.fail(`element ${i} is ${actual[i]}, wanted ${wanted[i]} within ${allowed}`)
  }
}

describe('the reference agrees with PyTorch', () => {
  test('there is a golden for every case', () => expect(goldens.length).toBe(cases.length))

  test.each(cases.map((row, i) => ({ ...row, golden: goldens[i] })))('$name', ({ golden, ...row }) => {
    expect(row.computation.outputs.y.shape).toEqual(golden.shape)
    const values = expected(row)
    const step = Math.floor(values.length / 24) | 1
    expectClose(
      Array.from(values).filter((_, i) => i % step === 0),
      golden.values,
      row.accumulation,
    )
  })
})

const differentiable = cases.flatMap((row, i) => {
  const isEmpty = Object.values(row.values).every(({ length }) => length === 0)
  return Object.keys(row.gradients.outputs).length === 0 || isEmpty ? [] : [{ ...row, golden: goldens[i] }]
})

describe('gradients agree with PyTorch', () => {
  test.each(differentiable)('$name', ({ golden, ...row }) => {
    const wanted = golden.gradients as number[][]
    expectedGradients(row).forEach((gradient, i) => {
      const step = Math.floor(gradient.length / 12) | 1
      const sample = Array.from(gradient).filter((_, index) => index % step === 0)
      expectClose(sample, wanted[i], summed(row))
    })
  })
})

describe('gradients agree with central differences in double precision', () => {
  test.each(differentiable)('$name', row => {
    const y = graphOf(Object.values(row.computation.outputs))
    // Off the points where a ReLU or a maximum has no derivative.
    const base = Object.entries(row.values).map(([name, data]) => {
      return [name, Float64Array.from(data, (value, i) => value + 1e-4 * Math.sin(i + 1))] as const
    })
    const gradients = evaluate(
      graphOf(Object.values(row.gradients.outputs)),
      leaf => named(base, leaf),
      () => {},
      64,
    )
    base.forEach(([name, data], input) => {
      const direction = data.map((_, i) => Math.cos(7 * i + input))
      const lossAt = (distance: number) => {
        const moved = base.map(([other, values]) => {
          return [other, other === name ? values.map((value, i) => value + distance * direction[i]) : values] as const
        })
        const [output] = evaluate(
          y,
          leaf => named(moved, leaf),
          () => {},
          64,
        )
        return sumOf(output.data, (value, i) => value * weightOfLoss(i))
      }
      const step = 1e-6
      const slope = (lossAt(step) - lossAt(-step)) / (2 * step)
      const wanted = sumOf(gradients[input].data, (value, i) => value * direction[i])
      const size = 1 + sumOf(gradients[input].data, Math.abs)
      expect(Math.abs(slope - wanted)).toBeLessThan(1e-6 * size)
    })
  })
})

describe.each(backends)('$name agrees with the reference', ({ options }) => {
  test.each(cases)('$name', async row => {
    const program = await compile(row.computation, options)
    try {
      const { y } = await program.run(row.inputs)
      const wanted = expected(row)
      expect(y instanceof Int32Array).toBe(wanted instanceof Int32Array)
      expectClose(y, wanted, row.accumulation)
    } finally {
      program[Symbol.dispose]()
    }
  })

  test.each(differentiable)('gradients of $name', async row => {
    const program = await compile(row.gradients, options)
    try {
      const { inputs } = graphOf(Object.values(row.gradients.outputs))
      const needed = inputs.map(({ attributes: { name } }) => [name, row.values[name]] as const)
      const gradients = await program.run(Object.fromEntries(needed))
      expectedGradients(row).forEach((wanted, i) => {
        expectClose(gradients[i], wanted, summed(row))
      })
    } finally {
      program[Symbol.dispose]()
    }
  })
})
