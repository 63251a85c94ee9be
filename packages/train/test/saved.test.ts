import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { architecture, loadModel } from '@residual/resnet'
import { drawShapes } from '@residual/vision'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { train } from '../src/index.ts'

const saved = (file: string) => readFile(new URL(`saved/${file}`, import.meta.url))
const unpacked = async (file: string) => gunzipSync(await saved(`${file}.gz`))

/** The logits and losses that saved/make.mjs measured when it wrote the files. */
interface Expected {
  readonly models: Readonly<Record<string, readonly number[]>>
  readonly checkpoints: Readonly<Record<string, readonly number[]>>
}
const expected: Expected = JSON.parse((await saved('expected.json')).toString())
const near = (values: ArrayLike<number>) => Array.from(values, value => expect.closeTo(value, 5))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-saved-'))
})
afterAll(() => rm(folder, { recursive: true }))

test.each(Object.entries(expected.models))(
  'loads a directory of %s that was saved before rows were stored',
  async (name, logits) => {
    await mkdir(join(folder, name))
    for (const file of ['config.json', 'preprocessor_config.json', 'model.safetensors']) {
      await writeFile(join(folder, name, file), await unpacked(`${name}.${file}`))
    }
    using model = await loadModel(join(folder, name))
    expect(model.architecture).toEqual(architecture(name))
    const images = Float32Array.from({ length: 32 * 32 * 3 }, (_, i) => Math.sin(i / 5))
    expect(Array.from(await model.logits(images, 1))).toEqual(near(logits))
  },
)

test.each(Object.entries(expected.checkpoints))(
  'continues a training of %s that was saved before rows were stored',
  async (name, losses) => {
    const data = drawShapes({ split: 'train', length: 16 })
    const resume = new Uint8Array(await unpacked(`${name}.checkpoint.safetensors`))
    const training = train({ data, resume, worker: false })
    const found: number[] = []
    for await (const event of training) if (event.kind === 'step') found.push(event.loss)
    expect(found).toEqual(near(losses))
    expect((await training.model()).architecture).toEqual(architecture(name))
  },
)
