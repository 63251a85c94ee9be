import { describe, expect, test } from 'vitest'
import { type Build, conv2d, KernelError, loadKernels, matmul, supportedBuilds } from '../src/index.ts'

const values = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, i) => ((i * 7 + seed) % 19) / 8 - 1)

describe.each(supportedBuilds().flatMap(build => [1, 2, 3].map(threads => ({ build, threads }))))(
  '$build on $threads threads',
  ({ build, threads }) => {
    test.each([
      [0, 3, 2],
      [1, 1, 1],
      [3, 5, 7],
      [4, 8, 8],
      [67, 33, 41],
    ])('matmul [%i, %i] x [.., %i]', async (m, k, n) => {
      const [a, b] = [values(m * k, 1), values(k * n, 2)]
      const product = await matmul(a, b, { m, k, n, build, threads })
      const want = Array.from({ length: m * n }, (_, i) => {
        let sum = 0
        for (let d = 0; d < k; d++) sum += a[Math.floor(i / n) * k + d] * b[d * n + (i % n)]
        return sum
      })
      expect(Array.from(product)).toEqual(want)
    })

    test('conv2d with bias and ReLU', async () => {
      // A 2x2 image, kernel of ones, padding 1: sums of the neighbours.
      const input = Float32Array.of(1, 2, 3, -20)
      const options = { height: 2, width: 2, channels: 1, outputs: 1, kernel: 3, padding: 1, build, threads }
      expect(Array.from(await conv2d(input, new Float32Array(9).fill(1), options))).toEqual([-14, -14, -14, -14])
      const bias = Float32Array.of(15)
      const sums = await conv2d(input, new Float32Array(9).fill(1), { ...options, bias, stride: 2, activation: 'relu' })
      expect(Array.from(sums)).toEqual([1])
    })
  },
)

test('conv2d computes the same bits on any number of threads', async () => {
  const options = { batch: 2, height: 13, width: 11, channels: 20, outputs: 36, kernel: 3, padding: 1 }
  const [x, w] = [values(2 * 13 * 11 * 20, 3).map(Math.sin), values(36 * 20 * 9, 4).map(Math.cos)]
  const one = await conv2d(x, w, options)
  for (const threads of [2, 3, 4]) expect(await conv2d(x, w, { ...options, threads })).toEqual(one)
})

// The product of such a size and the index of a block exceeds 32 bits.
test.each(supportedBuilds().flatMap(build => [1, 2].map(threads => ({ build, threads }))))(
  'more rows and pixels than 642,124 on $build with $threads threads',
  async options => {
    const [rows, side] = [650_000, 810]
    const a = values(rows * 2, 5)
    const product = await matmul(a, Float32Array.of(1, 2, 3, 4), { ...options, m: rows, k: 2, n: 2 })
    const wanted = (i: number) => a[i - (i % 2)] * (1 + (i % 2)) + a[i - (i % 2) + 1] * (3 + (i % 2))
    expect(product.findIndex((value, i) => Math.abs(value - wanted(i)) > 1e-5 * 2048)).toBe(-1)
    const image = values(side * side, 6)
    const shape = { height: side, width: side, channels: 1, outputs: 1, kernel: 1 }
    const doubled = await conv2d(image, Float32Array.of(2), { ...options, ...shape })
    expect(doubled.findIndex((value, i) => value !== 2 * image[i])).toBe(-1)
  },
)

const ok = { height: 4, width: 4, channels: 2, outputs: 2, kernel: 3 }
const x = new Float32Array(32)
const w = new Float32Array(36)
test.each<[string, () => Promise<unknown>, string]>([
  ['a length', () => matmul(x, w, { m: 4, k: 8, n: 5 }), 'matmul: b has 36 values, wanted 40 for a shape of [8, 5]'],
  ['a size', () => matmul(x, w, { m: -1, k: 8, n: 5 }), 'matmul: m is -1, wanted a whole number of at least 0'],
  ['a stride', () => conv2d(x, w, { ...ok, stride: 0 }), 'conv2d: stride[0] is 0, wanted a whole number of at least 1'],
  ['groups', () => conv2d(x, w, { ...ok, groups: 3 }), 'conv2d: 3 groups do not divide 2 channels and 2 outputs'],
  [
    'a kernel',
    () => conv2d(x, w, { ...ok, kernel: 5 }),
    'conv2d: a kernel of [5,5] with dilation [1,1] does not fit into [4, 4] with padding [0, 0]',
  ],
  ['threads', () => loadKernels({ threads: 0 }), 'threads: got 0, wanted a whole number from 1 to 64'],
  [
    'a build',
    () => loadKernels({ build: 'avx' as Build }),
    `build: this JavaScript engine cannot run 'avx', it has ${supportedBuilds().join(' and ')}; leave build out, or update it`,
  ],
  [
    'a stride of more than 32 bits',
    () => conv2d(x, w, { ...ok, stride: [1, 2 ** 32] }),
    'conv2d: stride is 4294967296, wanted a whole number from 0 to 4294967295, as the kernels have 32 bits for it',
  ],
  [
    'too much memory',
    async () => (await loadKernels()).allocate(5e9),
    "memory: 4769 MB more do not fit into WebAssembly's memory (4 GB); use a smaller batch or input, or dispose of models",
  ],
])('wrong %s is refused in one line', async (_, call, message) => {
  await expect(call()).rejects.toThrow(expect.objectContaining({ message }))
  await expect(call()).rejects.toBeInstanceOf(KernelError)
})
