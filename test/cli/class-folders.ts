import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodePng } from '@residual/vision'
import { expect } from 'vitest'
import { residual } from './residual.ts'

const CIFAR10 = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']

/** Folders of images and their classes. */
const DATA = {
  cifar: CIFAR10.map(name => `${name[0].toUpperCase()}${name.slice(1)}`),
  other: CIFAR10.map(name => (name === 'dog' ? 'donkey' : name)),
  numbers: CIFAR10.map((_, i) => String(i)),
  few: ['cat', 'dog'],
  swapped: ['1 dog', '2 cat'],
}

/** Images in each of ten classes: enough that four fifths of them fill a batch of `deepen --finetune`. */
const ENOUGH = 17

/** Makes the folders of images, and a model, `few-model`, that is trained on the folder `few`. */
export async function makeClassFolders(folder: string): Promise<void> {
  const image = await encodePng({ width: 32, height: 32, data: new Uint8Array(3072) })
  for (const [data, names] of Object.entries(DATA)) {
    for (const name of names) {
      await mkdir(join(folder, data, name), { recursive: true })
      for (let i = 0; i < (data === 'other' ? ENOUGH : 5); i++)
        await writeFile(join(folder, data, name, `${i}.png`), image)
    }
  }
  const options = ['--arch', 'resnet8', '--data', 'few', '--out', 'few-model', '--epochs', '1', '--batch', '2']
  expect(await residual(['train', ...options], { cwd: folder })).toMatchObject({ status: 0, stderr: '' })
}

/** Why the embedded model is refused for the folder `other`. */
export const DONKEY =
  'cifar10-resnet20 has other classes than the images: class 5 is "dog" in the model and "donkey" in the images'

/** Why `few-model` is refused for the folder `swapped`. */
export const CAT =
  'few-model has other classes than the images: class 0 is "cat" in the model and "1 dog" in the images, class 1 is "dog" in the model and "2 cat" in the images'

const ADVICE = 'give images of its classes, or compare their numbers alone by ignoreNames (--ignore-names)'

/**
 * Runs a command that measures a model. Expects it to succeed or, if there is an error, to succeed with
 * `--ignore-names`.
 */
export async function expectNamesCompared(folder: string, command: string[], error: string | undefined): Promise<void> {
  const run = await residual([...command, '--json'], { cwd: folder })
  if (!error) return expect(run).toMatchObject({ status: 0, stderr: '' })
  expect(run).toEqual({ status: 1, stdout: '', stderr: `error: ${error}; ${ADVICE}\n` })
  const forced = await residual([...command, '--json', '--ignore-names'], { cwd: folder })
  expect(forced).toMatchObject({ status: 0, stderr: '' })
}
