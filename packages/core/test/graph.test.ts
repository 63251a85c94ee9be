import { describe, expect, test } from 'vitest'
import {
  byteSize,
  conv2d,
  graphOf,
  input,
  linear,
  macs,
  ParameterError,
  parameter,
  parameterCount,
  Scope,
  ShapeError,
} from '../src/index.ts'

describe('graphOf', () => {
  test('lists every tensor once, after the tensors that it is computed from', () => {
    const x = input('x', [2])
    const a = x.neg()
    const b = a.add(x)
    const y = b.mul(a)
    expect(graphOf([y, b]).nodes).toEqual([x, a, b, y])
    expect(graphOf([b, y, b]).outputs).toEqual([b, y, b])
    expect(graphOf([]).nodes).toEqual([])
  })

  test('does not overflow the stack for a hundred thousand layers', () => {
    let y = input('x', [1]).neg()
    for (let i = 0; i < 100_000; i++) y = y.neg()
    expect(graphOf([y]).nodes.length).toBe(100_002)
  })

  test('does not take forever if every layer uses a tensor twice', () => {
    let y = input('x', [1]).neg()
    for (let i = 0; i < 200; i++) y = y.add(y)
    expect(graphOf([y]).nodes.length).toBe(202)
  })

  test('refuses two inputs or two parameters with the same name', () => {
    expect(() => graphOf([input('x', [2]).add(input('x', [2]))])).toThrow(
      new ShapeError("graph: got two inputs named 'x', wanted different names"),
    )
    expect(() => graphOf([parameter('w', [2]), parameter('w', [2])])).toThrow(
      new ParameterError(
        "graph: got two parameters named 'w', wanted different names (use one tensor twice to share weights)",
      ),
    )
  })
})

describe('counting', () => {
  const x = input('x', [2, 8, 8, 4])
  const w = parameter('w', [6, 2, 3, 3])

  test.each([
    [conv2d(x, w, { groups: 2, padding: 1, stride: 2 }), 2 * 4 * 4 * 6 * (2 * 9)],
    [linear(input('y', [3, 5]), parameter('fc', [7, 5])), 3 * 7 * 5],
    [input('a', [5, 3]).matmul(input('b', [5, 7]), { transposeA: true }), 3 * 7 * 5],
    [x.relu(), 0],
  ])('MACs, case %#', (node, count) => expect(macs(node)).toBe(count))

  test('trainable parameters, and bytes', () => {
    const y = conv2d(x, w, { groups: 2 }).add(parameter('running_mean', [6], { trainable: false }))
    expect(parameterCount(graphOf([y]))).toBe(6 * 2 * 9)
    expect(byteSize(x)).toBe(4 * 2 * 8 * 8 * 4)
    expect(byteSize(x.argmax())).toBe(4 * 2 * 8 * 8)
  })
})

describe('Scope', () => {
  test('names parameters by their path', () => {
    const scope = new Scope().at('layer1').at('0')
    const weight = scope.parameter('weight', [2])
    const mean = scope.buffer('running_mean', [2])
    expect(weight.attributes).toEqual({ name: 'layer1.0.weight', shape: [2], trainable: true })
    expect(mean.attributes).toEqual({ name: 'layer1.0.running_mean', shape: [2], trainable: false })
    expect(new Scope('backbone').parameter('w', []).attributes.name).toBe('backbone.w')
  })

  test('returns the same tensor for the same path, and refuses another shape or kind', () => {
    const root = new Scope()
    const weight = root.at('a').parameter('w', [2, 3])
    expect(root.at('a').parameter('w', [2, 3])).toBe(weight)
    expect(() => root.at('a').parameter('w', [3, 2])).toThrow(
      new ParameterError("scope: got 'a.w' as a parameter [3, 2], wanted the existing parameter [2, 3]"),
    )
    expect(() => root.at('a').buffer('w', [2, 3])).toThrow(
      new ParameterError("scope: got 'a.w' as a buffer [2, 3], wanted the existing parameter [2, 3]"),
    )
    expect(new Scope().at('a').parameter('w', [3, 2])).not.toBe(weight)
  })
})
