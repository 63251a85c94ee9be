import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  concat,
  constant,
  conv2d,
  graphOf,
  maxPool2d,
  reshape,
  type Shape,
  ShapeError,
  type Tensor,
} from '../../src/index.ts'
import { evaluate } from '../../src/reference/evaluate.ts'
import { sizeOf } from '../../src/shape.ts'
import { tolerance } from './cases.ts'

/** Small numbers that float32 holds exactly; neighbours differ. */
function filled(shape: Shape): Tensor {
  return constant(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => (((i * 37) % 101) - 50) / 32),
    shape,
  )
}

function reference(tensor: Tensor): number[] {
  const [{ data }] = evaluate(graphOf([tensor]), () => new Float32Array())
  return Array.from(data)
}

async function expectSame(tensor: Tensor, accumulation: number): Promise<void> {
  const [actual, wanted] = [await tensor.data(), reference(tensor)]
  const largest = wanted.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  expect(actual.length).toBe(wanted.length)
  actual.forEach((value, i) => {
    expect(Math.abs(value - wanted[i])).toBeLessThanOrEqual(tolerance(accumulation, largest))
  })
}

const pair = (least: number, most: number) => fc.tuple(between(least, most), between(least, most))
const between = (min: number, max: number) => fc.integer({ min, max })
const shapes = fc.array(between(0, 5), { maxLength: 4 })

describe('random calls', () => {
  const convolution = fc.record({
    size: pair(1, 12),
    batch: between(0, 3),
    kernel: pair(1, 4),
    groups: between(1, 4),
    groupInputs: between(1, 9),
    groupOutputs: between(1, 9),
    stride: pair(1, 3),
    padding: fc.tuple(between(0, 3), between(0, 3), between(0, 3), between(0, 3)),
    dilation: pair(1, 2),
    bias: fc.boolean(),
    residual: fc.boolean(),
    relu: fc.boolean(),
  })

  test('convolutions of all kinds match the reference or throw a ShapeError', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async c => {
        const outputs = c.groups * c.groupOutputs
        const x = filled([c.batch, ...c.size, c.groups * c.groupInputs])
        const weight = filled([outputs, c.groupInputs, ...c.kernel])
        const { stride, padding, dilation, groups } = c
        const bias = c.bias ? filled([outputs]) : undefined
        const y = orShapeError(() => conv2d(x, weight, { stride, padding, dilation, groups, bias }))
        if (!y) return
        const sum = c.residual ? y.add(filled(y.shape)) : y
        await expectSame(c.relu ? sum.relu() : sum, sizeOf(weight.shape.slice(1)))
      }),
      { numRuns: 200 },
    )
  })

  test('matrix products of all sizes match the reference', async () => {
    const extents = fc.tuple(between(0, 20), between(0, 40), between(0, 20))
    await fc.assert(
      fc.asyncProperty(extents, fc.boolean(), fc.boolean(), async ([m, k, n], transposeA, transposeB) => {
        const a = filled(transposeA ? [k, m] : [m, k])
        const b = filled(transposeB ? [n, k] : [k, n])
        await expectSame(a.matmul(b, { transposeA, transposeB }), k)
      }),
      { numRuns: 100 },
    )
  })

  test('pooling, broadcasting, reductions and softmax match the reference or throw a ShapeError', async () => {
    const anything = fc.tuple(shapes, shapes, between(-4, 3), between(1, 3), between(0, 2))
    await fc.assert(
      fc.asyncProperty(anything, async ([shape, other, axis, kernel, padding]) => {
        const x = filled(shape)
        const calls = [
          () => x.sub(filled(other)),
          () => x.maximum(filled(other.map((extent, i) => (i % 2 ? 1 : extent)))),
          () => maxPool2d(x, { kernel, padding }),
          () => x.sum(axis),
          () => x.min(axis, true),
          () => x.softmax(axis),
          () => x.argmax(axis),
        ]
        for (const call of calls) {
          const y = orShapeError(call)
          if (y) await expectSame(y, sizeOf(shape))
        }
      }),
      { numRuns: 100 },
    )
  })

  test('slices of concatenated and padded tensors are the original parts', async () => {
    const parts = fc.tuple(fc.array(between(0, 4), { minLength: 1, maxLength: 3 }), between(0, 4), between(0, 4))
    await fc.assert(
      fc.asyncProperty(parts, async ([rows, columns, width]) => {
        const tensors = rows.map(count => filled([count, columns]))
        const whole = concat(tensors, 0).pad([
          [0, 0],
          [width, 1],
        ])
        let from = 0
        for (const part of tensors) {
          const to = from + part.shape[0]
          expect(await whole.slice([from, width], [to, width + columns]).data()).toEqual(await part.data())
          from = to
        }
      }),
      { numRuns: 50 },
    )
  })

  test('any numbers result in a tensor or in a ShapeError with a message of one line', () => {
    const number = fc.oneof(between(-3, 9), fc.constantFrom(Number.NaN, Infinity, 0.5, 2 ** 31, -0))
    const numbers = fc.array(number, { maxLength: 7 })
    const x = filled([2, 3, 4, 5])
    fc.assert(
      fc.property(numbers, numbers, numbers, number, (a, b, c, n) => {
        for (const call of [
          () => reshape(x, a),
          () => x.slice(a, b, c),
          () => x.sum(a),
          () => x.softmax(n),
          () => x.pad(a.map((width, i) => [width, b[i]] as const)),
          () => conv2d(x, filled([4, 5, 1, 1]), { stride: n, padding: [a[0], b[0]], groups: c[0] }),
          () => maxPool2d(x, { kernel: n, stride: [a[0], b[0]], padding: c[0] }),
        ]) {
          const y = orShapeError(call)
          if (y) expect(y.shape.every(extent => Number.isInteger(extent) && extent >= 0)).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })
})

function orShapeError(call: () => Tensor): Tensor | undefined {
  try {
    return call()
  } catch (error) {
    expect(error).toBeInstanceOf(ShapeError)
    expect((error as ShapeError).message).toMatch(/^[^\n]+, wanted [^\n]+$/)
    return undefined
  }
}
