import { describe, expect, test } from 'vitest'
import { compile, input, linear, parameter } from '../src/index.ts'

describe('compile', () => {
  test('runs the outputs by name, with parameters given by name', async () => {
    const x = input('x', [2, 3])
    const y = linear(x, parameter('fc.weight', [2, 3]), parameter('fc.bias', [2])).relu()
    const program = await compile(
      {
        outputs: { y, index: y.argmax() },
        parameters: new Map([
          ['fc.weight', Float32Array.of(1, 0, 0, 0, 1, 0)],
          ['fc.bias', Float32Array.of(0.5, -10)],
        ]),
      },
      { backend: 'reference' },
    )
    const result = await program.run({ x: Float32Array.of(1, 2, 3, 4, 50, 6) })
    expect(result).toEqual({ y: Float32Array.of(1.5, 0, 4.5, 40), index: Int32Array.of(0, 1) })
  })
})
