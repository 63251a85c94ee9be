import { expect, test } from 'vitest'
import { runProgram } from './program.ts'

test('a process waits only for runs on threads', async () => {
  const code = `
    const n = 512
    const ones = new Float32Array(n * n).fill(1)
    kernels.matmul(ones, ones, { m: n, k: n, n, threads: 2 }).then(product => console.log(product[0]))`
  expect(await runProgram(code)).toBe('512\n')
})

test('a process whose worker was killed continues, and ends like any other', async () => {
  const code = `
    const workers = []
    process.on('worker', worker => workers.push(worker))
    const x = core.input('x', [1_000_000])
    let y = x
    for (let i = 0; i < 500; i++) y = y.add(1)
    const program = await core.compile({ outputs: { y } }, { threads: 2 })
    const inputs = { x: new Float32Array(1_000_000) }
    const run = program.run(inputs)
    setTimeout(() => workers[1].terminate())
    await run.catch(({ name, message }) => console.log(name + ': ' + message))
    console.log((await program.run(inputs)).y[999], workers.length)`
  expect(await runProgram(code)).toBe(
    'KernelError: threads: a worker ended unexpectedly (exit code 1); the next call starts new ones\n500 4\n',
  )
})

test('without SharedArrayBuffer one thread is used', async () => {
  const code = `
    delete globalThis.SharedArrayBuffer
    const program = await core.compile({ outputs: { y: core.input('x', [2]).add(1) } }, { threads: 4 })
    console.log(program.threads, ...(await program.run({ x: Float32Array.of(1, 2) })).y)`
  expect(await runProgram(code)).toBe('1 2 3\n')
})
