import { expect, test } from 'vitest'
import { runProgram } from './program.ts'

test('64 threads start together, 50 times', async () => {
  const code = `
    const ones = new Float32Array(64).fill(1)
    const product = await kernels.matmul(ones, ones, { m: 8, k: 8, n: 8, threads: 64 })
    console.log(product.every(value => value === 8))
    process.exit()`
  for (let i = 0; i < 50; i++) expect(await runProgram(code)).toBe('true\n')
})
