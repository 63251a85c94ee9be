import { expect, test } from 'vitest'
import { compile, conv2d, input, type Program, parameter, type Tensor } from '../src/index.ts'

const SIZE = 64
const CHANNELS = 16
const COUNT = SIZE * SIZE * CHANNELS

/** A program of convolutions that each multiply every element by two. */
function doublings(times: number): Promise<Program> {
  const parameters = new Map<string, Float32Array>()
  let x: Tensor = input('x', [1, SIZE, SIZE, CHANNELS])
  for (let i = 0; i < times; i++) {
    const weight = new Float32Array(CHANNELS * CHANNELS)
    for (let c = 0; c < CHANNELS; c++) weight[c * CHANNELS + c] = 2
    parameters.set(`${i}`, weight)
    x = conv2d(x, parameter(`${i}`, [CHANNELS, CHANNELS, 1, 1]))
  }
  return compile({ outputs: { y: x }, parameters }, { threads })
}

let threads: number
const filled = (value: number) => new Float32Array(COUNT).fill(value)
const all = ({ y }: { y?: unknown }) => [...new Set(y as Float32Array)]

test.each([1, 2])('overlapping runs take turns on %i threads', async count => {
  threads = count
  const [long, short] = [await doublings(20), await doublings(1)]
  // Each run sees its inputs as they were at the call.
  const values = filled(0)
  const runs = [1, 2, 3, 4].flatMap(value => {
    const given = [values.fill(value), values].map((x, i) => [long, short][i].run({ x }))
    values.fill(-1)
    return given
  })
  // Weights are prepared, and memory grows, during these runs.
  const other = await doublings(3)
  expect((await Promise.all(runs)).map(all)).toEqual([1, 2, 3, 4].flatMap(value => [[value * 2 ** 20], [value * 2]]))
  expect(all(await other.run({ x: filled(5) }))).toEqual([40])
})

test.each([1, 2])('a program disposed of while it runs on %i threads ends its runs first', async count => {
  threads = count
  const program = await doublings(20)
  const runs = [program.run({ x: filled(1) }), program.run({ x: filled(2) }), program.profile({ x: filled(3) })]
  program[Symbol.dispose]()
  // A program that would take over the freed memory.
  const next = await doublings(20)
  const [first, second, steps] = await Promise.all([...runs, next.run({ x: filled(7) })])
  expect([first, second].map(run => all(run as { y?: unknown }))).toEqual([[2 ** 20], [2 ** 21]])
  expect(steps).toHaveLength(20)
})
