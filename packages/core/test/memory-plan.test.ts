import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { constant, graphOf, input, moments, normalize, type Tensor, weightedSum } from '../src/index.ts'
import { planArena, planMemory } from '../src/memory-plan.ts'

const lifetime = fc
  .record({ bytes: fc.nat(1000), first: fc.nat(20), length: fc.nat(8) })
  .map(({ bytes, first, length }) => ({ bytes, first, last: first + length }))

const padded = (bytes: number) => Math.ceil(bytes / 64) * 64

describe('planMemory', () => {
  test('buffers in use at the same time never overlap, are aligned and lie inside the arena', () => {
    fc.assert(
      fc.property(fc.array(lifetime, { maxLength: 40 }), buffers => {
        const { offsets, bytes } = planMemory(buffers)
        buffers.forEach((a, i) => {
          expect(offsets[i] % 64).toBe(0)
          expect(offsets[i] + a.bytes).toBeLessThanOrEqual(bytes)
          buffers.slice(0, i).forEach((b, j) => {
            const live = a.first <= b.last && b.first <= a.last && a.bytes > 0 && b.bytes > 0
            const apart = offsets[i] + a.bytes <= offsets[j] || offsets[j] + b.bytes <= offsets[i]
            expect(!live || apart).toBe(true)
          })
        })
      }),
    )
  })

  test('the arena is no smaller than the buffers in use at one time and no larger than all together', () => {
    fc.assert(
      fc.property(fc.array(lifetime, { maxLength: 40 }), buffers => {
        const { bytes } = planMemory(buffers)
        const at = (step: number) => buffers.filter(({ first, last }) => first <= step && step <= last)
        const sum = (list: typeof buffers) => list.reduce((total, buffer) => total + padded(buffer.bytes), 0)
        expect(bytes).toBeLessThanOrEqual(sum(buffers))
        for (let step = 0; step < 30; step++) expect(bytes).toBeGreaterThanOrEqual(sum(at(step)))
      }),
    )
  })

  test('a chain needs two buffers, and a buffer goes into the gap that fits it best', () => {
    const chain = [0, 1, 2, 3, 4].map(step => ({ bytes: 640, first: step, last: step + 1 }))
    expect(planMemory(chain)).toEqual({ offsets: [0, 640, 0, 640, 0], bytes: 1280 })
    const gaps = [
      { bytes: 1024, first: 0, last: 9 },
      { bytes: 512, first: 0, last: 1 },
      { bytes: 256, first: 0, last: 9 },
      { bytes: 192, first: 0, last: 1 },
      { bytes: 128, first: 0, last: 9 },
      { bytes: 100, first: 2, last: 9 },
    ]
    expect(planMemory(gaps)).toEqual({ offsets: [0, 1024, 1536, 1792, 1984, 1792], bytes: 2112 })
    expect(planMemory([])).toEqual({ offsets: [], bytes: 0 })
  })
})

describe('planArena', () => {
  test('a reshape shares the memory of its input, for as long as either is used', () => {
    const x = input('x', [4, 16])
    const a = x.neg()
    const flat = a.reshape([64])
    const b = x.abs()
    const y = flat.add(b.reshape([64]))
    const graph = graphOf([y])
    const { offsets, bytes } = planArena(graph)
    expect(offsets.get(flat)).toBe(offsets.get(a))
    expect(new Set([x, a, b].map(tensor => offsets.get(tensor))).size).toBe(3)
    expect(offsets.get(y)).toBe(offsets.get(a))
    expect(bytes).toBe(3 * 256)
  })

  test('inputs live from before the first step, outputs until after the last, and constants elsewhere', () => {
    const x = input('x', [64])
    const late = input('late', [64])
    const early = x.neg()
    const middle = early.abs()
    const last = middle.neg()
    const y = last.add(late)
    const scale = constant(2)
    const { offsets } = planArena(graphOf([early, y, scale.reshape([1])]))
    expect(offsets.has(scale)).toBe(false)
    for (const other of [x, early, middle, last]) expect(offsets.get(other)).not.toBe(offsets.get(late))
    expect(new Set([early, late, y].map(tensor => offsets.get(tensor))).size).toBe(3)
  })

  test('a chain of thousands of layers needs two buffers, or one and the input if all are elementwise', () => {
    const x = input('x', [32, 32])
    let [y, z] = [x.softmax(), x.neg()]
    for (let i = 0; i < 5000; i++) [y, z] = [y.softmax(), z.neg()]
    expect(planArena(graphOf([y])).bytes).toBe(2 * 4096)
    expect(new Set(planArena(graphOf([z])).offsets.values()).size).toBe(2)
  })

  const x = input('x', [2, 4])
  const [a, b] = [x.neg(), x.abs()]
  const row = x.sum([0])
  const four = row.softmax()
  const two = a.sum([1])
  const norm = normalize(a, moments(a), { gamma: row, beta: row })
  test.each<[string, Tensor, overwrites: Tensor | undefined, others?: Tensor[]]>([
    ['a unary operation', a.exp(), a],
    ['a sum with one operand that is read again', a.add(b), b, [a.exp()]],
    ['a sum with two operands that are read again', a.add(b), undefined, [a.exp(), b.exp()]],
    ['a sum of a result', a.add(1), undefined, [a]],
    ['a function of an input', x.exp(), undefined],
    ['a product with a row', row.mul(a), a],
    ['a product of a row and a column', two.reshape([2, 1]).mul(four), undefined],
    ['a weighted sum', weightedSum([four, row], two), four],
    ['a weighted sum of its own weights', weightedSum([two, two], two), undefined],
    ['a normalisation', norm, a],
    ['a normalisation by its own input', normalize(a, a, { gamma: row, beta: row }), undefined],
    ['a softmax, which reads whole rows', a.softmax(), undefined],
  ])('%s', (_, node, overwrites, others = []) => {
    const { offsets } = planArena(graphOf([node, ...others]))
    const shared = node.inputs.filter(tensor => offsets.has(tensor) && offsets.get(tensor) === offsets.get(node))
    expect(shared).toEqual(overwrites ? [overwrites] : [])
  })
})
