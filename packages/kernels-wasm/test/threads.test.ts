import { once } from 'node:events'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Instruction, KernelError, type Kernels, type LoadedProgram, loadKernels } from '../src/index.ts'

/** All workers that were started and have not ended. */
const workers = new Set<Worker>()
const remember = (worker: Worker) => {
  workers.add(worker)
  worker.once('exit', () => workers.delete(worker))
}
beforeAll(() => process.on('worker', remember))
afterAll(() => process.off('worker', remember))

const COUNT = 1 << 16

/** Doubles the values at an address `times` times. */
const doubling = (address: number, times: number): Instruction[] =>
  Array.from({ length: times }, () => {
    const sizes = [1, 1, 1, 1, 1, COUNT]
    const strides = [0, 0, 0, 0, 0, 1]
    return {
      op: 'binary',
      kind: 'add',
      a: address,
      b: address,
      output: address,
      sizes,
      aStrides: strides,
      bStrides: strides,
    }
  })

/** Half a second of work, and a short program that uses the same memory. */
function programs(kernels: Kernels): { address: number; long: LoadedProgram; short: LoadedProgram } {
  const address = kernels.allocate(COUNT * 4)
  const fill: Instruction = { op: 'fill', output: address, count: COUNT, value: 3 }
  return {
    address,
    long: kernels.load([fill, ...doubling(address, 20_000)]),
    short: kernels.load([fill, ...doubling(address, 4)]),
  }
}

/** Runs the short program of {@link programs} and checks its result. */
async function expectWorking(kernels: Kernels, { address, short }: ReturnType<typeof programs>): Promise<void> {
  await kernels.execute(short)
  expect(new Set(kernels.floats(address, COUNT))).toEqual(new Set([48]))
}

const failure = (reason: string) =>
  expect.objectContaining({
    name: 'KernelError',
    message: `threads: a worker ended unexpectedly (${reason}); the next call starts new ones`,
  })

test('the caller is free while threads run', async () => {
  const kernels = await loadKernels({ threads: 2 })
  const { long } = programs(kernels)
  let running = true
  const run = kernels.execute(long).finally(() => {
    running = false
  })
  let ticks = 0
  while (running) {
    await setImmediate()
    ticks++
  }
  await run
  expect(ticks).toBeGreaterThan(10)
})

test.each([
  { number: 0, asleep: false },
  { number: 1, asleep: false },
  { number: 2, asleep: false },
  { number: 2, asleep: true },
])('worker $number killed in the middle of a run (idle: $asleep)', async ({ number, asleep }) => {
  const kernels = await loadKernels({ threads: 3 })
  const all = [...workers]
  expect(all).toHaveLength(3)
  const memory = programs(kernels)
  const run = (asleep ? await loadKernels({ threads: 2 }) : kernels).execute(memory.long)
  const queued = kernels.execute(memory.short)
  const outcome = expect(run).rejects.toEqual(failure('exit code 1'))
  await setTimeout(10)
  await all[number].terminate()
  await outcome
  // No worker is left that could still write.
  for (const worker of all) expect(workers).not.toContain(worker)
  await queued
  await expectWorking(kernels, memory)
  expect(workers.size).toBe(3)
})

test('workers killed between runs are replaced', async () => {
  const kernels = await loadKernels({ threads: 3 })
  const memory = programs(kernels)
  await expectWorking(kernels, memory)
  const [first, ...others] = workers
  const ends = others.map(worker => once(worker, 'exit'))
  await first.terminate()
  await Promise.all(ends)
  await expectWorking(kernels, memory)
})

test('a fault in a worker ends the run, and the next run works', async () => {
  const kernels = await loadKernels({ threads: 2 })
  const memory = programs(kernels)
  const wild: Instruction = { op: 'fill', output: 2 ** 32 - 2 ** 20, count: 1024, value: 1 }
  await expect(kernels.executeOnce([wild])).rejects.toEqual(failure('memory access out of bounds'))
  await expectWorking(kernels, memory)
})

test('overlapping calls run one after another, each on its own number of threads', async () => {
  const address = (await loadKernels({ threads: 2 })).allocate(COUNT * 4)
  const fill: Instruction = { op: 'fill', output: address, count: COUNT, value: 1 }
  const calls: Promise<void>[] = []
  const run = (kernels: Kernels, instructions: Instruction[]) => calls.push(kernels.executeOnce(instructions))
  // The pool grows during a run.
  const two = await loadKernels({ threads: 2 })
  run(two, [fill, ...doubling(address, 1000)])
  const [three, four] = [loadKernels({ threads: 3 }), loadKernels({ threads: 4 })]
  run(two, [fill, ...doubling(address, 1)])
  run(await four, doubling(address, 2))
  run(await three, doubling(address, 3))
  run(two, doubling(address, 4))
  await Promise.all(calls)
  expect(new Set(two.floats(address, COUNT))).toEqual(new Set([1024]))
})

test('programs without instructions run between others', async () => {
  const kernels = await loadKernels({ threads: 3 })
  const memory = programs(kernels)
  const nothing = kernels.load([])
  for (let i = 0; i < 200; i++) {
    await kernels.execute(nothing)
    await kernels.execute(memory.short)
  }
  await expectWorking(kernels, memory)
})

test('parts of a program run by themselves', async () => {
  for (const threads of [1, 2]) {
    const kernels = await loadKernels({ threads })
    const { address, short } = programs(kernels)
    await kernels.execute(short)
    await kernels.execute(short, 1, 2)
    await kernels.execute(short, 3)
    expect(kernels.floats(address, 1)[0]).toBe(48 * 8)
  }
})

test('words that are not instructions are refused', async () => {
  for (const threads of [1, 2]) {
    const kernels = await loadKernels({ threads })
    const memory = programs(kernels)
    const { address } = memory.short
    const [word] = kernels.integers(address, 1)
    kernels.integers(address, 1)[0] = 999
    const message = 'kernels: the program holds words that are no instruction'
    await expect(kernels.execute(memory.short)).rejects.toEqual(new KernelError(message))
    kernels.integers(address, 1)[0] = word
    await expectWorking(kernels, memory)
  }
})
