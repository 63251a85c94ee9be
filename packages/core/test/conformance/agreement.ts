import { describe, expect, test } from 'vitest'
import { type CompileOptions, compile, graphOf } from '../../src/index.ts'
import { evaluate } from '../../src/reference/evaluate.ts'
import { sizeOf } from '../../src/shape.ts'
import { type Case, tolerance } from './cases.ts'

export type Data = Float32Array | Float64Array | Int32Array

/** Computes a result of the reference once per case: the reference is slow, and every backend is compared with it. */
function once<T>(compute: (row: Case) => T): (row: Case) => T {
  const results = new Map<string, T>()
  return row => {
    const result = results.get(row.name) ?? compute(row)
    results.set(row.name, result)
    return result
  }
}

/** The reference's output of a case, computed from the graph as written, before any pass. */
export const expected = once(({ computation, inputs }): Data => {
  const graph = graphOf(Object.values(computation.outputs))
  const [output] = evaluate(graph, ({ attributes: { name } }) => inputs[name] ?? computation.parameters!.get(name)!)
  return output.data
})

/** The reference's gradients of a case, before any pass. */
export const expectedGradients = once(({ gradients, values }): Data[] => {
  const graph = graphOf(Object.values(gradients.outputs))
  return evaluate(graph, ({ attributes: { name } }) => values[name]).map(({ data }) => data)
})

/** The most terms in an element of a gradient: the terms of an output element, and all elements of the output. */
export function summed({ accumulation, computation }: Case): number {
  return accumulation + sizeOf(computation.outputs.y.shape)
}

export function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>, accumulation: number): void {
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

/** Whether a case has gradients to compare. */
export function isDifferentiable({ values, gradients }: Case): boolean {
  const isEmpty = Object.values(values).every(({ length }) => length === 0)
  return !isEmpty && Object.keys(gradients.outputs).length > 0
}

/** Compares the outputs and gradients that each backend computes with those of the reference. */
export function testAgreement(
  backends: readonly { readonly name: string; readonly options: CompileOptions }[],
  cases: readonly Case[],
): void {
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

    test.each(cases.filter(isDifferentiable))('gradients of $name', async row => {
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
}
