import { expect, test } from 'vitest'
import { type Instruction, loadKernels, SCRATCH } from '../src/index.ts'

test('loading a program replaces addresses from SCRATCH upwards, but not values', async () => {
  const kernels = await loadKernels()
  const [input, output, scratch] = [8, 8, 32].map(floats => kernels.allocate(floats * 4))
  const large = 2 * SCRATCH
  const program: Instruction[] = [
    { op: 'fill', output: SCRATCH + 64, count: 8, value: large },
    // Missing terms, with the address 0, stay missing.
    { op: 'weightedSum', inputs: [input, SCRATCH + 64, 0, 0], weights: input, output, count: 8 },
  ]
  kernels.floats(input, 8).set([1, 2, 3, 4, 5, 6, 7, 8])
  const loaded = kernels.load(program, scratch)
  await kernels.execute(loaded)
  expect([...kernels.floats(scratch + 64, 8)]).toEqual(Array(8).fill(large))
  expect([...kernels.floats(output, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map(x => Math.fround(x + 2 * large)))
})
