import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { architecture, loadModel, Model, saveModel, untrainedModel } from '@residual/resnet'
import { encodePng } from '@residual/vision'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { objectsIn, residual } from './residual.ts'

const CLASSES = ['left', 'right']
const COUNT = 104

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
  using untrained = untrainedModel({ ...architecture('resnet18'), classes: CLASSES.length })
  await saveModel(join(folder, 'resnet18'), new Model({ ...untrained, labels: CLASSES }))
})
afterAll(() => rm(folder, { recursive: true }))

test('bench takes batches of more pixels than 642,124', async () => {
  const run = await residual(['bench', '--arch', 'resnet18', '--batch', '64', '--json'])
  expect(run).toMatchObject({ status: 0, stderr: '' })
})

test('a ResNet-18 gives 104 images the same logits in batches of 100 and of 8', async () => {
  using model = await loadModel(join(folder, 'resnet18'))
  const images = Float32Array.from({ length: COUNT * 224 * 224 * 3 }, (_, i) => Math.sin(i * 0.37))
  const logitsIn = async (batch: number) => {
    const parts: number[] = []
    for (let first = 0; first < COUNT; first += batch) {
      const count = Math.min(batch, COUNT - first)
      parts.push(...(await model.logits(images.subarray(first * 150_528, (first + count) * 150_528), count)))
    }
    return parts
  }
  expect(await logitsIn(100)).toEqual(await logitsIn(8))
})

test('eval takes 104 images in batches of 100', async () => {
  for (const [i, name] of CLASSES.entries()) {
    await mkdir(join(folder, 'images', name), { recursive: true })
    const data = new Uint8Array(224 * 224 * 3).map((_, at) => (at * (i + 3)) % 256)
    const image = await encodePng({ width: 224, height: 224, data })
    for (let at = 0; at < COUNT / 2; at++) await writeFile(join(folder, 'images', name, `${at}.png`), image)
  }
  const measured = async (...options: string[]) => {
    const run = await residual(['eval', '--model', 'resnet18', '--data', 'images', '--json', ...options], {
      cwd: folder,
    })
    expect(run).toMatchObject({ status: 0, stderr: '' })
    const { seconds: _, imagesPerSecond: __, batch: ___, ...result } = objectsIn(run)[0]
    return result
  }
  const result = await measured()
  expect(result).toMatchObject({ images: COUNT })
  expect(result).toEqual(await measured('--batch', '8'))
})
