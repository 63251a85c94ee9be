import { expect, test } from 'vitest'
import { broadcast, compile, gate, input, sizeOf } from '../src/index.ts'

const shapes = [[40, 300], [3, 7, 400], [1, 5, 1, 1000], [64, 2, 129], [5000], [2, 256], [33, 256]]

test.each(shapes.map(shape => [shape]))('threads together compute every element of %j', async shape => {
  const [x, y, one] = [input('x', shape), input('y', shape), input('one', [])]
  const outputs = { sum: x.add(y), gated: gate(x, y), scaled: one.mul(x), copies: broadcast(one, shape) }
  const count = sizeOf(shape)
  const inputs = {
    x: Float32Array.from({ length: count }, (_, i) => Math.sin(i)),
    y: Float32Array.from({ length: count }, (_, i) => Math.cos(i)),
    one: Float32Array.of(1.5),
  }
  const run = async (options: object) => {
    const program = await compile({ outputs }, options)
    const results = await program.run(inputs)
    program[Symbol.dispose]()
    return results
  }
  const wanted = await run({ backend: 'reference' })
  for (const threads of [1, 3]) expect(await run({ threads })).toEqual(wanted)
})
