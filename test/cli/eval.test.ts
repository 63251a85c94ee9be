import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { objectsIn, residual } from './residual.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('eval', () => {
  // Four records of CIFAR-10's binary version: a label, then an image in one shade of grey.
  beforeAll(() =>
    writeFile(
      join(folder, 'test_batch.bin'),
      Uint8Array.from({ length: 4 * 3073 }, (_, i) => (i % 3073 === 0 ? 8 : 40 * ((i / 3073) | 0))),
    ),
  )

  test('prints one JSON object with exactly these keys', async () => {
    const run = await residual(['eval', '--data', folder, '--limit', '3', '--batch', '2', '--json'])
    expect(run).toMatchObject({ status: 0, stderr: '' })
    const [object] = objectsIn(run)
    expect(Object.keys(object)).toEqual(['model', 'images', 'top1', 'top5', 'loss', 'seconds', 'imagesPerSecond'])
    expect(object).toMatchObject({ model: 'cifar10-resnet20', images: 3 })
  })

  test('adds the confusion matrix on request', async () => {
    const [object] = objectsIn(await residual(['eval', '--data', folder, '--confusion', '--json']))
    const confusion = object.confusion as number[][]
    expect(confusion.map(row => row.length)).toEqual(Array(10).fill(10))
    expect(confusion.map(row => row.reduce((a, b) => a + b))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 4, 0])
    const { stdout, stderr } = await residual(['eval', '--data', folder, '--confusion'])
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^model +cifar10-resnet20\nimages +4 of cifar10, test\ntop1 +\d+\.\d\d%\n/)
    expect(stdout).toMatch(/^7 +horse( +·){10}\n8 +ship +[\d·]/m)
  })
})
