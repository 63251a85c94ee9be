import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { objectsIn, residual } from './residual.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
})
afterAll(() => rm(folder, { recursive: true }))

test.each(['resnet20', 'resnet50', 'resnext50_32x4d', 'resnet110_v2', 'resnet1202'])(
  'graph draws %s, with the totals of summary',
  async arch => {
    const [summary] = objectsIn(await residual(['summary', '--arch', arch, '--json']))
    const file = join(folder, `${arch}.html`)
    const run = await residual(['graph', '--arch', arch, '-o', file, '--json'])
    expect(run).toMatchObject({ status: 0, stderr: '' })
    const [object] = objectsIn(run)
    expect(Object.keys(object)).toEqual(['file', 'arch', 'params', 'macs', 'layers'])
    expect(object).toMatchObject({ file, arch, params: summary.params, macs: summary.macs })
    const page = await readFile(file, 'utf8')
    for (const total of [summary.params, summary.macs])
      expect(page).toContain(`<dd>${Number(total).toLocaleString('en')}</dd>`)
    expect(Buffer.byteLength(page)).toBeLessThan(2e6)
  },
)

test('graph lists each layer, with its time on request', async () => {
  const call = [
    'graph',
    '--arch',
    'resnet8',
    '--bench',
    '--build',
    'simd128',
    '-o',
    join(folder, 'timed.html'),
    '--json',
  ]
  const [{ milliseconds, layers }] = objectsIn(await residual(call)) as [
    { milliseconds: number; layers: Record<string, unknown>[] },
  ]
  expect(layers[1]).toEqual({
    name: 'conv1',
    kind: 'convolution',
    operations: ['conv2d', 'batchNorm', 'relu'],
    output: [1, 32, 32, 16],
    params: 464,
    macs: 442_368,
    receptiveField: [3, 3],
    milliseconds: expect.any(Number),
  })
  const sum = layers.reduce((total, layer) => total + ((layer.milliseconds as number | undefined) ?? 0), 0)
  expect(sum).toBeCloseTo(milliseconds, 1)
  expect(await readFile(join(folder, 'timed.html'), 'utf8')).toContain('<dt>Time</dt>')
})

test('graph takes models and other sizes, writes SVG, and says what it wrote', async () => {
  const call = ['graph', '--model', 'cifar10-resnet20', '--input', '64', '-o', 'drawn.SVG']
  const { status, stdout, stderr } = await residual(call, { cwd: folder })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(/^cifar10-resnet20: 269,722 params, 162 M MACs\ndrawn\.SVG, \d\d\.\d kB\n$/)
  const text = await readFile(join(folder, 'drawn.SVG'), 'utf8')
  expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
  expect(text).toContain('output: 64 × 64 × 16')
})

test.each([
  [['--arch', 'resnet20'], 2, "required option '-o, --output <file>' not specified"],
  [
    ['--arch', 'resnet20', '-o', 'a.png'],
    2,
    "option '-o, --output <file>' argument 'a.png' is invalid. Wanted a name that ends in .html or .svg.",
  ],
  [['-o', 'a.svg'], 2, "missing --arch <name> or --model <model>; 'residual list' shows what there is"],
  [['--arch', 'resnet20', '-o', 'no/such/a.svg'], 1, 'cannot write "no/such/a.svg": there is no such directory'],
])('graph %j is refused', async (options, status, message) => {
  const run = await residual(['graph', ...options], { cwd: folder })
  expect(run).toEqual({ status, stdout: '', stderr: `error: ${message}\n` })
})
