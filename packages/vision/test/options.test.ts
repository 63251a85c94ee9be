import { describe, expect, test } from 'vitest'
import {
  decode,
  drawShapes,
  type LoadOptions,
  loadBatches,
  openCifar,
  openDownload,
  openImageFolder,
  readImage,
  stepsPerEpoch,
  VisionError,
} from '../src/index.ts'
import { pull } from '../src/pull/index.ts'
import { noise } from './loading/sources.ts'

const bytes = new Uint8Array(2)
const loading =
  'batch, shuffle, dropLast, indices, mean, std, seed, from, to, crop, resize, filter, augment, worker, ahead'

/** Options with one that no function has. */
const wrong = <T extends object>(options: T): T => ({ ...options, bacth: 3 })

describe('an unknown option is refused by', () => {
  test.each<[name: string, known: string, call: () => unknown]>([
    ['loadBatches', loading, () => loadBatches(noise(10, 4, 3), wrong({ batch: 2 } as LoadOptions))],
    ['stepsPerEpoch', 'batch, shuffle, dropLast, indices', () => stepsPerEpoch({ length: 3 }, wrong({ batch: 2 }))],
    ['decode', 'name, maxPixels, timeout', () => decode(bytes, wrong({}))],
    ['readImage', 'name, maxPixels, timeout, signal, stallSeconds', () => readImage('a.png', wrong({}))],
    ['openCifar', 'split, signal, stallSeconds', () => openCifar('a', wrong({ split: 'test' }))],
    ['drawShapes', 'split, length, seed', () => drawShapes(wrong({ split: 'test' }))],
    ['openImageFolder', 'split, maxPixels', () => openImageFolder('a', wrong({}))],
    [
      'pull',
      'mirror, force, directory, signal, onProgress, onRetry, stallSeconds, retries, retrySeconds',
      () => pull('cifar10', wrong({})),
    ],
    [
      'openDownload',
      'signal, stallSeconds, limit, what, headers, check',
      () => openDownload('http://127.0.0.1:1/', wrong({})),
    ],
  ])('%s', async (name, known, call) => {
    const message = `${name}: got the unknown key "bacth", wanted some of ${known}`
    await expect((async () => call())()).rejects.toThrow(new VisionError(message))
  })
})
