import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { objectsIn, residual } from './residual.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
})
afterAll(() => rm(folder, { recursive: true }))

const small = ['--depths', '8,14', '--limit', '40', '--batch', '20', '--epochs', '1', '--threads', '1']
const degrade = (...arguments_: string[]) => residual(['degrade', ...arguments_], { cwd: folder })

test('degrade needs no data, and prints one JSON object', async () => {
  const run = await degrade(...small, '--families', 'plain', '--json')
  expect(run).toMatchObject({ status: 0, stderr: '' })
  expect(objectsIn(run)).toMatchObject([
    {
      out: 'degradation',
      report: 'degradation/report.html',
      data: { name: 'shapes', images: 40, testImages: 1000 },
      recipe: { batch: 20, epochs: 1, zeroInitResidual: true },
      planned: 2,
      runs: [
        { network: 'plain-8', seed: 0, epochs: [{ epoch: 1, step: 2 }] },
        { network: 'plain-14', seed: 0, epochs: [{ epoch: 1, step: 2 }] },
      ],
      findings: [expect.stringMatching(/^Plain networks ended at /), expect.stringMatching(/^Before training/)],
    },
  ])
  expect((await readdir(join(folder, 'degradation'))).toSorted()).toEqual([
    ...['degradation.json', 'figures', 'plain-14-seed0', 'plain-8-seed0', 'report.html'],
  ])
})

test('degrade prints a line for every network, and what it found', async () => {
  const run = await degrade(...small, '--seeds', '1,2', '--families', 'residual', '--out', 'two')
  expect(run).toMatchObject({ status: 0, stderr: '' })
  const lines = run.stdout.split('\n')
  expect(lines[0]).toMatch(/^residual-8 {12}training error \d+\.\d% {2}test error \d+\.\d% {2}1 of 4$/)
  expect(lines[3]).toMatch(/^residual-14, seed 2 {3}training error \d+\.\d% {2}test error \d+\.\d% {2}4 of 4$/)
  expect(lines[5]).toMatch(/^- Residual networks ended at a training error of /)
  expect(lines.at(-2)).toBe('The curves are in two/report.html')
})

test.each<[arguments_: string[], status: number, error: string]>([
  [
    ['--depths', '20,x'],
    2,
    "option '--depths <list>' argument '20,x' is invalid. Wanted a whole number from 1 to 2000.",
  ],
  [
    ['--families', 'plain,other'],
    2,
    "option '--families <list>' argument 'plain,other' is invalid. Wanted some of plain, residual, preactivation.",
  ],
  [
    ['--depths', '21'],
    2,
    '--depths: unknown architecture "plain21" (CIFAR networks have 6n+2 layers); the nearest names are plain20, plain18, plain34',
  ],
  [['--data', 'nowhere'], 1, 'nowhere: no such file or folder'],
  [['--recipe', 'nowhere.json'], 1, 'there is no recipe at "nowhere.json"'],
])('degrade %j fails with an error of one line', async (arguments_, status, error) => {
  expect(await degrade(...arguments_)).toEqual({ status, stdout: '', stderr: `error: ${error}\n` })
})
