import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { writeCifar } from './cifar.ts'

/** A folder for the tests of a file, with the data that they train on; removed after them. */
export class Scratch {
  folder = ''
  data = ''
  #made = 0

  constructor() {
    beforeAll(async () => {
      this.folder = await mkdtemp(join(tmpdir(), 'residual-'))
      this.data = await writeCifar(join(this.folder, 'cifar'))
    })
    afterAll(() => rm(this.folder, { recursive: true }))
  }

  /** A path in it that does not exist yet. */
  directory(): string {
    return join(this.folder, `out-${this.#made++}`)
  }
}

/** Arguments of a short training on the data that writeCifar makes. */
export const training = (data: string, out: string, ...more: string[]): string[] => [
  ...['train', '--arch', 'resnet8', '--data', data, '--out', out, '--epochs', '1', '--batch', '3', '--lr', '0.05'],
  ...more,
]

/** The files in a training's directory, without the curves. */
export async function filesIn(out: string): Promise<string[]> {
  return (await readdir(out)).filter(name => !name.startsWith('events')).toSorted()
}

/** The files that a properly stopped training leaves, without its log. */
export const SAVED = ['checkpoint.safetensors', 'config.json', 'model.safetensors', 'preprocessor_config.json']
