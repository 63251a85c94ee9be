import { describe, expect, test } from 'vitest'
import { graphOf, type Tensor } from '../../src/index.ts'
import { evaluate } from '../../src/reference/evaluate.ts'
import {
  type Data,
  expectClose,
  expected,
  expectedGradients,
  isDifferentiable,
  summed,
  testAgreement,
} from './agreement.ts'
import { backends } from './backends.ts'
import { cases, weightOfLoss } from './cases.ts'
import goldens from './goldens/pytorch.json'

function sumOf(data: Data, term: (value: number, i: number) => number): number {
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += term(data[i], i)
  return sum
}

type Named = readonly (readonly [name: string, values: Float64Array])[]

function named(values: Named, { attributes: { name } }: Tensor<'input' | 'parameter'>): Float64Array {
  return values.find(([key]) => key === name)![1]
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

const differentiable = cases.flatMap((row, i) => (isDifferentiable(row) ? [{ ...row, golden: goldens[i] }] : []))

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
    // Moved away from the points where a ReLU or a maximum has no derivative.
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

testAgreement(backends, cases)
