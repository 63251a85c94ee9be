import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { architecture, untrainedModel } from '@residual/resnet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { objectsIn, residual } from './residual.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('bench --per-layer lists every layer with the kernel that ran it', async () => {
  const json = await residual(['bench', '--arch', 'resnet8', '--build', 'simd128', '--per-layer', '--json'])
  const [{ layers }] = objectsIn(json) as [{ layers: Record<string, unknown>[] }]
  expect(layers.map(({ name }) => name)).toContain('layer2.0.conv1')
  expect(layers[0]).toEqual({
    name: 'conv1',
    operation: 'conv2d',
    kernel: expect.stringContaining('conv2d'),
    shape: [1, 32, 32, 16],
    macs: 442_368,
    bytes: expect.any(Number),
    milliseconds: expect.any(Number),
  })
  const { stdout } = await residual(['bench', '--arch', 'resnet8', '--build', 'simd128', '--per-layer'])
  expect(stdout).toMatch(/layer +output +ms +GFLOP\/s +share +kernel\nconv1 +32 x 32 x 16 +\d/)
  expect(stdout).toMatch(/layer1\.0\.conv1 .*winogradInput \+ winogradOutput\n/)
})

test('bench prints one JSON object with exactly these keys', async () => {
  const run = await residual([
    'bench',
    '--arch',
    'resnet8',
    '--batch',
    '2',
    '--threads',
    '2',
    '--build',
    'simd128',
    '--json',
  ])
  expect(run).toMatchObject({ status: 0, stderr: '' })
  const [object] = objectsIn(run)
  expect(Object.keys(object)).toEqual(['arch', 'batch', 'threads', 'milliseconds', 'build', 'node', 'cpu'])
  expect(object).toEqual({
    arch: 'resnet8',
    batch: 2,
    threads: 2,
    milliseconds: { min: expect.any(Number), median: expect.any(Number) },
    build: 'simd128',
    node: process.version,
    cpu: cpus()[0].model.trim(),
  })
})

describe('bench --compare', () => {
  const call = ['bench', '--arch', 'resnet8', '--build', 'simd128', '--compare']

  /** Installs a rival in its own folder, which answers every image with these logits. */
  async function withRival(name: string, logits: Iterable<number>): Promise<string> {
    const path = join(folder, name)
    const rival = join(path, 'node_modules/onnxruntime-web')
    await mkdir(rival, { recursive: true })
    await writeFile(
      join(rival, 'index.js'),
      `exports.env = { wasm: {}, versions: { web: '1.2.3' } }
exports.Tensor = class { constructor(type, data, shape) { Object.assign(this, { type, data, shape }) } }
const logits = { data: new Float32Array(${JSON.stringify([...logits])}) }
exports.InferenceSession = {
  async create(model) {
    if (!Buffer.from(model).includes('layer1.0.conv1.weight')) throw new Error('that is no ResNet')
    return {
      async run({ images }) {
        if (images.shape.join() !== '1,3,32,32' || images.data[1] !== Math.fround(Math.sin(3))) throw new Error('no image')
        return { t: logits }
      },
    }
  },
}
`,
    )
    return path
  }

  test('shows the times of an installed rival', async () => {
    const images = new Float32Array(32 * 32 * 3).map((_, i) => Math.sin(i))
    const model = untrainedModel(architecture('resnet8'), { build: 'simd128' })
    const cwd = await withRival('agreeing', await model.logits(images, 1))
    const json = await residual([...call, '--json'], { cwd })
    expect(json).toMatchObject({ status: 0, stderr: '' })
    expect(objectsIn(json)[0].compared).toEqual({
      name: 'onnxruntime-web',
      version: '1.2.3',
      milliseconds: { min: expect.any(Number), median: expect.any(Number) },
      ratio: expect.any(Number),
      difference: 0,
    })
    const { stdout } = await residual(call, { cwd })
    expect(stdout).toMatch(
      /\nrival +onnxruntime-web 1\.2\.3: fastest .* ms, median .* ms, .* x ours; logits differ by 0 of/,
    )
  })

  test.each([
    [
      'says what to do if there is none',
      undefined,
      /onnxruntime-web is not installed here; run 'npm install onnxruntime-web' in this folder\n$/,
    ],
    [
      'refuses a rival that computes something else',
      Array(10).fill(0),
      /the logits of onnxruntime-web differ from ours by .*% of their size\n$/,
    ],
  ])('%s', async (_, logits, message) => {
    const cwd = logits ? await withRival('differing', logits) : folder
    const run = await residual(call, { cwd })
    expect(run).toMatchObject({ status: 1, stdout: '' })
    expect(run.stderr).toMatch(message)
    expect(run.stderr).toMatch(/^error: --compare: .*\n$/)
  })
})
