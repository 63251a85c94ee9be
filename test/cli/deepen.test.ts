import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { objectsIn, residual } from './residual.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
  // Records of CIFAR-10's binary version: a label, then an image in one shade of grey.
  const records = Uint8Array.from({ length: 26 * 3073 }, (_, i) => (i % 3073 === 0 ? 8 : 9 * ((i / 3073) | 0)))
  await mkdir(join(folder, 'cifar'))
  const files = ['test_batch.bin', ...[1, 2, 3, 4, 5].map(i => `data_batch_${i}.bin`)]
  for (const file of files) await writeFile(join(folder, 'cifar', file), records)
  await mkdir(join(folder, 'taken'))
  await writeFile(join(folder, 'taken/model.safetensors'), '')
})
afterAll(() => rm(folder, { recursive: true }))

const deepen = (...arguments_: string[]) => residual(['deepen', ...arguments_], { cwd: folder })

test('deepen prints one JSON object, and other commands take what it made', async () => {
  const run = await deepen('--depth', '26', '--at', 'end', '--out', 'end', '--data', 'cifar', '--limit', '10', '--json')
  expect(run).toMatchObject({ status: 0, stderr: '' })
  expect(objectsIn(run)).toEqual([
    {
      model: 'cifar10-resnet20',
      from: 'resnet20',
      to: 'resnet26',
      added: ['layer1.3', 'layer2.3', 'layer3.3'],
      images: 10,
      largestDifference: 0,
      top1Before: expect.any(Number),
      top1After: expect.any(Number),
      out: 'end',
    },
  ])
  const [{ top1Before, top1After }] = objectsIn(run)
  expect(top1After).toBe(top1Before)
  const evaluated = await residual(['eval', '--model', 'end', '--data', 'cifar', '--limit', '10', '--json'], {
    cwd: folder,
  })
  expect(objectsIn(evaluated)).toMatchObject([{ model: 'end', top1: top1After }])
})

test('deepen needs no images', async () => {
  const run = await deepen('--layers', '4,4,4', '--at', 'layer1.0,layer2.2,layer3.1', '--out', 'noise')
  expect(run).toEqual({
    status: 0,
    stderr: '',
    stdout: `model   cifar10-resnet20, resnet20
deeper  resnet26, 3 new blocks: layer1.1 layer2.3 layer3.2
logits  differ by 0 at most, on 4 images of noise
in      noise
`,
  })
  expect((await readdir(join(folder, 'noise'))).toSorted()).toEqual([
    'config.json',
    'model.safetensors',
    'preprocessor_config.json',
  ])
})

test('deepen --linear adds linear layers, and --finetune moves them', async () => {
  const call = ['--depth', '23', '--linear', '--data', 'cifar', '--finetune', '--out', 'linear']
  const run = await deepen(...call)
  expect(run).toMatchObject({ status: 0, stderr: '' })
  const lines = run.stdout.split('\n').filter(line => !/^top1/.test(line))
  expect(lines.slice(0, 7)).toEqual([
    'model       cifar10-resnet20, resnet20',
    'deeper      resnet20_linear3, 3 new linear layers: layer1.linear.0 layer2.linear.0 layer3.linear.0',
    'logits      differ by 0 at most, on 26 images',
    expect.stringMatching(
      /^fine-tuned +\d+\.\d\d% after 1 epoch: \d+ images? gained, \d+ lost, (no )?more than by chance \(p (= [\d.]+|< 0\.001)\)$/,
    ),
    'in          linear',
    '',
    'new linear layer  weights moved  size of weights',
  ])
  expect(lines[7]).toMatch(/^layer1\.linear\.0 +[\d.]+% +0\.06\d+$/)
  const summary = await residual(['summary', '--model', 'linear', '--json'], { cwd: folder })
  expect(objectsIn(summary)[0].layers).toContainEqual(
    expect.objectContaining({ name: 'layer2.linear.0', macs: 262_144 }),
  )
})

test('deepen --finetune shows how far the new blocks moved', async () => {
  const call = ['--depth', '26', '--data', 'cifar', '--finetune', '--lr', '0.01']
  const run = await deepen(...call, '--out', 'tuned', '--json')
  expect(run).toMatchObject({ status: 0, stderr: '' })
  const [result] = objectsIn(run)
  expect(result).toMatchObject({ largestDifference: 0, epochs: 1, pValue: expect.any(Number), moved: [{}, {}, {}] })
  const { top1Before, top1Tuned, gained, lost } = result as Record<string, number>
  expect(Math.round((top1Tuned - top1Before) * 26)).toBe(gained - lost)
  const { added, moved } = result as { added: string[]; moved: Record<string, unknown>[] }
  expect(moved.map(({ block }) => block)).toEqual(added)
  for (const { scale } of moved) expect(scale).toBeGreaterThan(0)
  expect(await readdir(join(folder, 'tuned'))).toContain('model.safetensors')
})

test.each<[arguments_: string[], status: number, error: string]>([
  [[], 2, "required option '--out <dir>' not specified"],
  [['--out', 'x'], 2, 'give one of --depth and --layers'],
  [['--out', 'x', '--depth', '26', '--layers', '4,4,4'], 2, 'give one of --depth and --layers'],
  [['--out', 'x', '--layers', '4,4'], 1, 'got layers [4, 4], wanted 3 numbers, one for each stage of resnet20'],
  [['--depth', '56'], 2, "required option '--out <dir>' not specified"],
  [
    ['--depth', 'deep', '--out', 'x'],
    2,
    "option '--depth <n>' argument 'deep' is invalid. Wanted a whole number from 1 to 2000.",
  ],
  [['--depth', '56', '--out', 'x', '--finetune'], 2, '--finetune needs --data'],
  [
    ['--depth', '56', '--out', 'x', '--lr', '0'],
    2,
    "option '--lr <rate>' argument '0' is invalid. Wanted a number above 0.",
  ],
  [
    ['--depth', '14', '--out', 'x'],
    1,
    'resnet14 is not deeper than resnet20: it has [2, 2, 2] blocks, resnet20 has [3, 3, 3]; give a larger depth',
  ],
  [
    ['--depth', '26', '--out', 'x', '--at', 'layer1.7'],
    1,
    'there is no block "layer1.7" in resnet20; its blocks are layer1.0 to layer3.2',
  ],
  [
    ['--depth', '26', '--out', 'x', '--linear', '--at', 'end'],
    1,
    'linear layers come after the blocks of each stage; omit the places',
  ],
  [['--depth', '26', '--out', 'taken'], 1, '"taken" holds a model; give another directory'],
])('deepen %j fails', async (arguments_, status, error) => {
  expect(await deepen(...arguments_)).toEqual({ status, stdout: '', stderr: `error: ${error}\n` })
})
