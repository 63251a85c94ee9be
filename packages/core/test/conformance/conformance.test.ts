import { describe, expect, test } from 'vitest'
import { compile, graphOf } from '../../src/index.ts'
import { evaluate } from '../../src/reference.ts'
import { backends } from './backends.ts'
import { type Case, cases, tolerance } from './cases.ts'
import goldens from './goldens/pytorch.json'

type Data = Float32Array | Float64Array | Int32Array

/** What the reference makes of the graph as it was written, before any pass. */
function expected({ computation, inputs }: Case): Data {
  const graph = graphOf(Object.values(computation.outputs))
  const [output] = evaluate(graph, ({ attributes: { name } }) => inputs[name] ?? computation.parameters!.get(name)!)
  return output.data
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
})
