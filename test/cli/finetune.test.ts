import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { objectsIn, residual } from './residual.ts'

const CLASSES = ['blue', 'green', 'red']

let folder: string
let data: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
  data = join(folder, 'colours')
  for (const [label, name] of CLASSES.entries()) {
    await mkdir(join(data, name), { recursive: true })
    for (let i = 0; i < 10; i++) await writeFile(join(data, name, `${i}.bmp`), bitmap(40, 36, label, 10 * label + i))
  }
})
afterAll(() => rm(folder, { recursive: true }))

/** A BMP file, noisy and brighter in one channel: 0 blue, 1 green, 2 red. The width is a multiple of 4. */
function bitmap(width: number, height: number, channel: number, seed: number): Uint8Array {
  const file = new Uint8Array(54 + 3 * width * height)
  const view = new DataView(file.buffer)
  file.set([0x42, 0x4d])
  view.setUint32(2, file.length, true)
  view.setUint32(10, 54, true)
  view.setUint32(14, 40, true)
  view.setInt32(18, width, true)
  view.setInt32(22, height, true)
  view.setUint16(26, 1, true)
  view.setUint16(28, 24, true)
  let state = seed
  for (let i = 54; i < file.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    file[i] = ((i - 54) % 3 === channel ? 120 : 20) + (state >>> 25)
  }
  return file
}

describe('finetune', () => {
  test.each([
    ['the classifier', ['--head-only', '--epochs', '20', '--lr', '0.1'], '195 parameters to train'],
    ['all layers', ['--epochs', '6', '--seed', '1'], '269,267 parameters to train'],
  ])('trains %s for new classes', async (_, options, said) => {
    const out = join(folder, options[0].replaceAll('-', ''))
    const run = await residual(['finetune', '--data', data, '--out', out, '--batch', '8', ...options])
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(run.stdout).toContain(said)
    // Every fifth image of each class is kept for the test.
    expect(run.stdout).toContain('24 images')
    const last = JSON.parse((await readFile(join(out, 'log.jsonl'), 'utf8')).trimEnd().split('\n').at(-1)!)
    expect(last.testTop1).toBe(1)
    const [classified] = objectsIn(await residual(['classify', join(data, 'green/3.bmp'), '--model', out, '--json']))
    expect(classified.predictions).toMatchObject([{ label: 'green' }, {}, {}])
    const [evaluated] = objectsIn(await residual(['eval', '--data', data, '--model', out, '--json']))
    expect(evaluated).toMatchObject({ images: 30, top1: 1 })
  })

  test('tests with the images of val if there are any', async () => {
    const split = join(folder, 'split')
    for (const [part, seed] of [
      ['train', 0],
      ['val', 50],
    ] as const) {
      for (const [label, name] of CLASSES.entries()) {
        await mkdir(join(split, part, name), { recursive: true })
        const count = part === 'train' ? 3 : 2
        for (let i = 0; i < count; i++) {
          await writeFile(join(split, part, name, `${i}.bmp`), bitmap(32, 32, label, seed + i))
        }
      }
    }
    const out = join(folder, 'with-val')
    const options = ['--head-only', '--batch', '9', '--epochs', '1', '--json', '--threads', '2']
    const run = await residual(['finetune', '--data', split, '--out', out, ...options])
    expect(run).toMatchObject({ status: 0, stderr: '' })
    const [epoch] = objectsIn(run)
    expect(Math.round(6 * Number(epoch.testTop1))).toBeCloseTo(6 * Number(epoch.testTop1), 10)
    const [evaluated] = objectsIn(await residual(['eval', '--data', split, '--model', out, '--json']))
    expect(evaluated).toMatchObject({ images: 6, top1: epoch.testTop1 })
  })

  test.each<[arguments_: string[], error: string]>([
    [
      ['--model', 'none.pth'],
      'there is no model at "none.pth": give a file, a model directory or an embedded model (cifar10-resnet20)',
    ],
    [
      ['--data', 'FOLDER/colours/red'],
      "FOLDER/colours/red: holds neither the .bin files of CIFAR's binary version nor a folder for each class",
    ],
    [
      ['--arch', 'resnet32'],
      expect.stringMatching(/^cifar10-resnet20: the weights do not fit the network: 60 missing/),
    ],
    [['--batch', '25'], '24 images do not fill a batch of 25; use a smaller batch'],
  ])('%j fails', async (more, error) => {
    const inFolder = (text: string) => text.replaceAll('FOLDER', folder)
    const run = await residual(['finetune', '--data', data, '--out', join(folder, 'none'), ...more.map(inFolder)])
    expect(run).toMatchObject({ status: 1, stdout: '' })
    expect(run.stderr.replace(/^error: /, '').trimEnd()).toEqual(typeof error === 'string' ? inFolder(error) : error)
  })
})
