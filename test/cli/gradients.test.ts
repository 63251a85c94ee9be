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

const gradients = (...arguments_: string[]) => residual(['gradients', ...arguments_], { cwd: folder })
const small = ['--depths', '8', '--batch', '4']

test('gradients prints one JSON object', async () => {
  const run = await gradients(...small, '--steps', '2', '--seed', '5', '--lr', '0.01', '--json')
  expect(run).toMatchObject({ status: 0, stderr: '' })
  const [object, ...others] = objectsIn(run) as [{ networks: { measured: object[] }[] }]
  expect(others).toEqual([])
  expect(object).toEqual({
    data: 'shapes',
    images: 4,
    initialization: 'kaiming',
    steps: 2,
    rate: 0.01,
    seed: 5,
    networks: ['plain8', 'resnet8'].map(name => ({ architecture: name, measured: expect.any(Array) })),
    findings: expect.any(Array),
  })
  const [first, , last] = object.networks[1].measured
  expect(last).toMatchObject({ step: 2 })
  expect(first).toEqual({
    step: 0,
    loss: expect.any(Number),
    layers: expect.any(Array),
    blocks: [1, 2, 3].map(stage => ({
      name: `layer${stage}.0`,
      ...{ branch: expect.any(Number), shortcut: expect.any(Number) },
      ...{ gradient: expect.any(Number), direct: expect.any(Number) },
    })),
  })
})

test('gradients draws lines in characters, and says what they show', async () => {
  const { stdout, stderr, status } = await gradients(...small, '--no-batch-norm', '--initialization', 'gaussian')
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  const lines = stdout.split('\n')
  expect(lines[0]).toBe(
    'plain8_nobn, resnet8_nobn with Gaussian weights (seed 0), before training, measured on 4 images of shapes.',
  )
  expect(lines[2]).toBe(
    'Length of the gradient of the weights, from the first convolution to the last, before training',
  )
  expect(lines[14]).toBe('Length of the gradient at the outputs, before training')
  for (const first of [3, 15]) {
    const chart = lines.slice(first, first + 10)
    expect(chart.every(line => /^ *[\d.e-]* ┤[⠀-⣿ ]*( (plain|resnet)8_nobn)?$/.test(line) && line.length <= 80)).toBe(
      true,
    )
    expect(chart.filter(line => / (plain|resnet)8_nobn$/.test(line))).toHaveLength(2)
  }
  expect(lines[26]).toMatch(/^network +steps +loss +first weights +last weights +first\/last output +by shortcuts$/)
  expect(lines[27]).toMatch(/^plain8_nobn +0 +2\.\d\d +\S+ +\S+ +\S+$/)
  expect(lines[28]).toMatch(/^resnet8_nobn +0 +2\.\d\d +\S+ +\S+ +\S+ +[\d.]+%$/)
  expect(lines[30]).toMatch(/^- plain8_nobn, before training: .* the gradient shrinks by a factor of .*\.$/)
  expect(lines.slice(31).every(line => line === '' || line.startsWith('- '))).toBe(true)
})

test('gradients draws a page and SVG files', async () => {
  const drawn = await gradients(...small, '--families', 'residual,preactivation', '-o', 'gradients.html')
  expect(drawn.stdout).toMatch(/\nDrawn in gradients\.html\n$/)
  const page = await readFile(join(folder, 'gradients.html'), 'utf8')
  expect(page).toContain('<title>The gradient on its way back</title>')
  expect(page).toContain('resnet8, resnet8_v2 with Kaiming’s weights')
  const trained = [
    ...small,
    '--families',
    'residual',
    '--steps',
    '1',
    '-o',
    'direct.svg',
    '--figure',
    'direct',
    '--json',
  ]
  const [object] = objectsIn(await gradients(...trained))
  expect(object.output).toBe('direct.svg')
  expect(await readFile(join(folder, 'direct.svg'), 'utf8')).toMatch(/^<svg .*Through shortcuts alone, after 1 step</s)
})

test.each<[arguments_: string[], status: number, error: string]>([
  [
    ['--depths', '20,x'],
    2,
    "option '--depths <list>' argument '20,x' is invalid. Wanted a whole number from 1 to 2000.",
  ],
  [
    ['--families', 'plain,dense'],
    2,
    "option '--families <list>' argument 'plain,dense' is invalid. Wanted some of plain, residual, preactivation.",
  ],
  [
    ['--depths', '21'],
    2,
    '--depths: unknown architecture "plain21" (CIFAR networks have 6n+2 layers); the nearest names are plain20, plain18, plain34',
  ],
  [
    ['--families', 'plain', '--figure', 'direct'],
    2,
    '--figure direct needs a network with shortcuts; add residual to --families',
  ],
  [
    ['-o', 'x.png'],
    2,
    "option '-o, --output <file>' argument 'x.png' is invalid. Wanted a name that ends in .html or .svg.",
  ],
  [['--data', 'nothing'], 1, 'nothing: no such file or folder'],
])('gradients %j fails', async (arguments_, status, error) => {
  expect(await gradients(...arguments_)).toEqual({ status, stdout: '', stderr: `error: ${error}\n` })
})
