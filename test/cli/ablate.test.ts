import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { objectsIn, residual } from './residual.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
  // Records of CIFAR-10's binary version: a label, then an image in one shade of grey.
  const records = Uint8Array.from({ length: 20 * 3073 }, (_, i) => (i % 3073 === 0 ? 8 : 12 * ((i / 3073) | 0)))
  await writeFile(join(folder, 'test_batch.bin'), records)
})
afterAll(() => rm(folder, { recursive: true }))

const ablate = (...arguments_: string[]) => residual(['ablate', ...arguments_], { cwd: folder })
const data = ['--data', 'test_batch.bin', '--limit', '10']

test('ablate prints one JSON object', async () => {
  const run = await ablate(...data, '--json')
  expect(run).toMatchObject({ status: 0, stderr: '' })
  const [object, ...others] = objectsIn(run) as [{ blocks: object[] }]
  expect(others).toEqual([])
  expect(object).toEqual({
    model: 'cifar10-resnet20',
    architecture: 'resnet20',
    damage: 'remove',
    images: 10,
    top1: expect.any(Number),
    loss: expect.any(Number),
    blocks: expect.any(Array),
    skipped: [],
  })
  expect(object.blocks).toEqual(
    [1, 2, 3].flatMap(stage =>
      [0, 1, 2].map(i => ({ block: `layer${stage}.${i}`, top1: expect.any(Number), loss: expect.any(Number) })),
    ),
  )
})

test('ablate prints bars', async () => {
  const { stdout, stderr, status } = await ablate(...data)
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  const lines = stdout.split('\n')
  expect(lines[0]).toMatch(/^cifar10-resnet20, resnet20, on 10 images: top1 \d+\.\d\d%$/)
  expect(lines[1]).toBe('Without one block:')
  expect(
    lines.slice(2, 11).every(line => /^ {2}layer\d\.\d +\d+\.\d\d% {2}[█▏▎▍▌▋▊▉ ]{40} {2}[+−]\d+\.\d\d$/.test(line)),
  ).toBe(true)
  expect(lines.slice(11)).toEqual([''])
})

test('ablate --shuffle swaps neighbours and says which it cannot swap', async () => {
  const { stdout } = await ablate(...data, '--shuffle')
  expect(stdout).toContain('\nWith one block and the next one swapped:\n  layer1.0 ')
  expect(stdout).toMatch(
    /\nlayer1\.2, layer2\.0, layer2\.2, layer3\.0 cannot be swapped with the next: their shapes differ\n$/,
  )
})

test('ablate draws a page and an SVG file', async () => {
  expect((await ablate(...data, '-o', 'ablation.html')).stdout).toMatch(/\nDrawn in ablation\.html\n$/)
  const page = await readFile(join(folder, 'ablation.html'), 'utf8')
  expect(page).toContain('<title>cifar10-resnet20 without one of its blocks</title>')
  expect(page).toContain('<th scope="row">layer3.2</th>')
  const [object] = objectsIn(await ablate(...data, '--shuffle', '--output', 'ablation.svg', '--json'))
  expect(object.output).toBe('ablation.svg')
  const svg = await readFile(join(folder, 'ablation.svg'), 'utf8')
  expect(svg).toMatch(/^<svg .*cifar10-resnet20: accuracy with two neighbours swapped/s)
  // One bar for the whole network, and one for each pair.
  expect(svg.match(/<rect class="bar/g)).toHaveLength(5)
})

test.each<[arguments_: string[], status: number, error: string]>([
  [[], 2, "required option '--data <path>' not specified"],
  [
    ['--data', 'x', '-o', 'x.png'],
    2,
    "option '-o, --output <file>' argument 'x.png' is invalid. Wanted a name that ends in .html or .svg.",
  ],
  [['--data', 'nothing'], 1, 'nothing: no such file or folder'],
  [[...data, '-o', 'no/folder.svg'], 1, 'cannot write "no/folder.svg": there is no such directory'],
])('ablate %j fails', async (arguments_, status, error) => {
  expect(await ablate(...arguments_)).toEqual({ status, stdout: '', stderr: `error: ${error}\n` })
})
