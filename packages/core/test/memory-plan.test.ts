import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { constant, graphOf, input } from '../src/index.ts'
import { planArena, planMemory } from '../src/memory-plan.ts'

const lifetime = fc
  .record({ bytes: fc.nat(1000), first: fc.nat(20), length: fc.nat(8) })
  .map(({ bytes, first, length }) => ({ bytes, first, last: first + length }))

const padded = (bytes: number) => Math.ceil(bytes / 64) * 64

describe('planMemory', () => {
  test('buffers that live at the same time never overlap, are aligned and lie inside the arena', () => {
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

  test('the arena is no smaller than what lives at one time and no larger than everything together', () => {
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

  test('a chain needs two buffers, a gap is used by what fits best', () => {
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
  test('reshapes share the memory of what they reshape, for as long as either is used', () => {
    const x = input('x', [4, 16])
    const a = x.neg()
    const flat = a.reshape([64])
    const b = x.abs()
    const y = flat.add(b.reshape([64]))
    const graph = graphOf([y])
    const { offsets, bytes } = planArena(graph)
    expect(offsets.get(flat)).toBe(offsets.get(a))
    expect(new Set([x, a, b].map(tensor => offsets.get(tensor))).size).toBe(3)
    expect(new Set([a, b, y].map(tensor => offsets.get(tensor))).size).toBe(3)
    expect(bytes).toBe(3 * 256)
  })

  test('inputs live from before the first step, outputs to after the last, constants elsewhere', () => {
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

  test('a chain of thousands of layers needs two buffers', () => {
    let y = input('x', [1024]).neg()
    for (let i = 0; i < 5000; i++) y = y.neg()
    expect(planArena(graphOf([y])).bytes).toBe(2 * 4096)
  })
})
