import { beforeAll, describe, expect, test } from 'vitest'
import { type Kernels, loadKernels, MemoryError } from '../src/index.ts'

const MB = 2 ** 20

describe.each([1, 2])('the memory of %s threads', threads => {
  let kernels: Kernels
  beforeAll(async () => {
    kernels = await loadKernels({ threads })
  })

  test('has pieces of more than 2 GB, and room for other pieces', () => {
    const bytes = 3000 * MB
    const large = kernels.allocate(bytes)
    const small = kernels.allocate(64)
    kernels.floats(large + bytes - 64, 16).fill(7)
    kernels.floats(small, 16).fill(8)
    expect([...kernels.floats(large + bytes - 64, 16)]).toEqual(Array(16).fill(7))
    expect(() => kernels.allocate(1500 * MB)).toThrow(MemoryError)
    kernels.release(small, 64)
    kernels.release(large, bytes)
  })

  test('joins freed pieces, and allocates parts of them', () => {
    // These take all free memory, except pieces too small for the next allocations.
    const [first, second, third] = [1000, 1000, 1000].map(size => kernels.allocate(size * MB))
    kernels.release(second, 1000 * MB)
    kernels.release(first, 1000 * MB)
    const both = kernels.allocate(2000 * MB)
    expect(both).toBe(Math.min(first, second))
    kernels.release(both, 2000 * MB)
    const parts = Array.from({ length: 20 }, () => kernels.allocate(100 * MB))
    expect(new Set(parts).size).toBe(20)
    kernels.release(third, 1000 * MB)
    for (const part of parts) kernels.release(part, 100 * MB)
    kernels.release(kernels.allocate(3000 * MB), 3000 * MB)
  })

  test("reports that it is too small for a kernel's own values", async () => {
    const rest: number[] = []
    const take = (bytes: number) => {
      for (;;) {
        try {
          rest.push(kernels.allocate(bytes), bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(MemoryError)
          return
        }
      }
    }
    // Normalisation keeps a value for every channel.
    const channels = 4 * MB
    const [values, moments] = [kernels.allocate(channels * 4), kernels.allocate(2 * channels * 4)]
    for (const bytes of [64 * MB, MB, 2 ** 16]) take(bytes)
    const norm = { input: values, moments, gamma: values, beta: values, residual: 0, output: values }
    const program = kernels.executeOnce([
      { op: 'normalize', ...norm, rows: 1, channels, epsilon: 1, activation: 'none' },
    ])
    const failure = await program.then(
      () => undefined,
      error => error,
    )
    expect(failure).toMatchObject({ name: 'KernelError' })
    expect(failure.message).toMatch(/^(kernels: a kernel stopped|threads: a worker ended unexpectedly) \(/)
    while (rest.length > 0) kernels.release(rest.shift()!, rest.shift()!)
    kernels.release(values, channels * 4)
    kernels.release(moments, 2 * channels * 4)
    await kernels.executeOnce([{ op: 'fill', output: kernels.allocate(64), count: 16, value: 1 }])
  })
})
