import { supportedBuilds } from '@residual/kernels-wasm'
import { expect, test } from 'vitest'
import { compile, conv2d, input, maxPool2d, parameter } from '../src/index.ts'

/** The side of an image of 2.25 GiB, whose last values lie beyond the reach of 31-bit addresses. */
const SIDE = 24_576

/** Every build on one thread, and the first also on two threads, which use another memory. */
const runs = supportedBuilds().flatMap((build, i) => (i === 0 ? [1, 2] : [1]).map(threads => ({ build, threads })))

// The process keeps the memory of each build, about 3 GB, so there are few runs.
test.each(runs)('a tensor of more than 2 GB on $build with $threads threads', async options => {
  const valueAt = (i: number) => i % 251
  const image = new Float32Array(SIDE * SIDE)
  let sum = 0
  for (let i = 0; i < image.length; i++) {
    image[i] = valueAt(i)
    sum += image[i]
  }
  const x = input('x', [1, SIDE, SIDE, 1])
  const halved = SIDE / 2
  const outputs = {
    largest: maxPool2d(x, { kernel: 2, stride: 2 }).max([1, 2]),
    mean: x.mean([1, 2, 3]),
    corner: x.slice([0, SIDE - 2, SIDE - 3, 0], [1, SIDE, SIDE, 1]),
    sampled: conv2d(x, parameter('weight', [1, 1, 1, 1]), { stride: 2 }).slice(
      [0, halved - 1, 0, 0],
      [1, halved, halved, 1],
    ),
  }
  const program = await compile({ outputs, parameters: new Map([['weight', Float32Array.of(3)]]) }, options)
  const { largest, mean, corner, sampled } = await program.run({ x: image })
  program[Symbol.dispose]()
  expect([...largest]).toEqual([250])
  expect(mean[0] / (sum / image.length)).toBeCloseTo(1, 4)
  const at = (y: number, left: number) => valueAt(y * SIDE + left)
  const rows = [SIDE - 2, SIDE - 1]
  expect([...corner]).toEqual(rows.flatMap(y => [3, 2, 1].map(fromRight => at(y, SIDE - fromRight))))
  expect(sampled.findIndex((value, i) => value !== 3 * at(SIDE - 2, 2 * i))).toBe(-1)
})
