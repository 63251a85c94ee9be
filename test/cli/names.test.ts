import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodePng } from '@residual/vision'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { residual } from './residual.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
  const picture = await encodePng({ width: 32, height: 32, data: new Uint8Array(3072) })
  for (const [data, names] of Object.entries(DATA)) {
    for (const name of names) {
      await mkdir(join(folder, data, name), { recursive: true })
      for (let i = 0; i < (data === 'other' ? ENOUGH : 5); i++)
        await writeFile(join(folder, data, name, `${i}.png`), picture)
    }
  }
  const options = ['--arch', 'resnet8', '--data', 'few', '--out', 'few-model', '--epochs', '1', '--batch', '2']
  expect(await residual(['train', ...options], { cwd: folder })).toMatchObject({ status: 0, stderr: '' })
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

const CIFAR10 = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']

/** Folders of pictures and their classes. */
const DATA = {
  cifar: CIFAR10.map(name => `${name[0].toUpperCase()}${name.slice(1)}`),
  other: CIFAR10.map(name => (name === 'dog' ? 'donkey' : name)),
  numbers: CIFAR10.map((_, i) => String(i)),
  few: ['cat', 'dog'],
  swapped: ['1 dog', '2 cat'],
}

/** Pictures in each of ten classes, four fifths of which fill a batch of `deepen --finetune`. */
const ENOUGH = 17

const advice = 'give pictures of its classes, or compare their numbers alone by ignoreNames (--ignore-names)'
const donkey =
  'cifar10-resnet20 has other classes than the pictures: class 5 is "dog" in the model and "donkey" in the pictures'
const cat =
  'few-model has other classes than the pictures: class 0 is "cat" in the model and "1 dog" in the pictures, class 1 is "dog" in the model and "2 cat" in the pictures'

const DEEPEN = ['deepen', '--depth', '26', '--out', 'deeper']

test.each<[command: string[], error: string | undefined]>([
  [['eval', '--data', 'cifar'], undefined],
  [['eval', '--data', 'numbers'], undefined],
  [['eval', '--data', 'other'], donkey],
  [['eval', '--model', 'few-model', '--data', 'few'], undefined],
  [['eval', '--model', 'few-model', '--data', 'swapped'], cat],
  [['ablate', '--data', 'cifar', '--limit', '2'], undefined],
  [['ablate', '--data', 'other', '--limit', '2'], donkey],
  [[...DEEPEN, '--data', 'other'], donkey],
  [[...DEEPEN, '--data', 'other', '--finetune'], donkey],
])('%j', async (command, error) => {
  const run = await residual([...command, '--json'], { cwd: folder })
  if (!error) return expect(run).toMatchObject({ status: 0, stderr: '' })
  expect(run).toEqual({ status: 1, stdout: '', stderr: `error: ${error}; ${advice}\n` })
  // Nothing is left that would be in the way of the next try.
  expect(await readdir(folder)).not.toContain('deeper')
  expect(await residual([...command, '--json', '--ignore-names'], { cwd: folder })).toMatchObject({
    ...{ status: 0, stderr: '' },
  })
  await rm(join(folder, 'deeper'), { recursive: true, force: true })
})

test('finetune says where classes of the same number take a new classifier', async () => {
  const options = ['--model', 'few-model', '--epochs', '1', '--batch', '2']
  const tuned = (data: string) =>
    residual(['finetune', ...options, '--data', data, '--out', `${data}-tuned`], { cwd: folder })
  expect(await tuned('few')).toMatchObject({ status: 0, stderr: '' })
  expect(await tuned('swapped')).toMatchObject({
    status: 0,
    stderr: 'the classifier is a new one: the data names its classes, or orders them, otherwise than the model\n',
  })
})
