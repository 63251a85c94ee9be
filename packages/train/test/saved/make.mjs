// Writes the files in this folder in the format of commit 3b960b6, before models and checkpoints held whole rows:
//
//     node make.mjs path/to/checkout
//
// The checkout is of that commit and built with `pnpm build`. Weights repeat a few numbers, so that they compress well.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'

const load = name => import(pathToFileURL(resolve(process.argv[2], 'packages', name, 'dist/index.js')).href)
const [core, resnet, vision] = [await load('core'), await load('resnet'), await load('vision')]

const MODELS = ['resnet8', 'resnet8_b', 'resnet8_v2', 'resnet8_nobn', 'plain8', 'plain8_linear3']
const CHECKPOINTS = ['resnet8_b_v2', 'plain8_nobn_linear3']

const data = vision.drawShapes({ split: 'train', length: 16 })
const here = new URL('./', import.meta.url)
const write = (file, bytes) => writeFile(new URL(`${file}.gz`, here), gzipSync(bytes, { level: 9 }))

function network(name) {
  const architecture = resnet.architecture(name)
  const { parameters } = core.graphOf([resnet.resnet(architecture, core.input('images', [1, 32, 32, 3])).logits])
  const values = parameters.map(({ attributes: { name }, shape }) => {
    const length = shape.reduce((a, b) => a * b, 1)
    const middle = shape.length === 1 && /(weight|running_var)$/.test(name) ? 1 : 0
    return [name, Float32Array.from({ length }, (_, i) => middle + (((i * 7 + name.length) % 11) - 5) / 64)]
  })
  const preprocessing = resnet.defaultPreprocessing(architecture.family)
  return new resnet.Model({ name, architecture, labels: data.classes, preprocessing, parameters: new Map(values) })
}

const expected = { models: {}, checkpoints: {} }

const images = Float32Array.from({ length: 32 * 32 * 3 }, (_, i) => Math.sin(i / 5))
for (const name of MODELS) {
  const model = network(name)
  expected.models[name] = Array.from(await model.logits(images, 1))
  const folder = await mkdtemp(join(tmpdir(), 'residual-saved-'))
  await resnet.saveModel(folder, model)
  for (const file of ['config.json', 'preprocessor_config.json', 'model.safetensors']) {
    await write(`${name}.${file}`, await readFile(join(folder, file)))
  }
  await rm(folder, { recursive: true })
}

// Only the classifier is trained, because the optimiser's state of all layers would not compress.
for (const name of CHECKPOINTS) {
  const recipe = { steps: 4, batch: 8, schedule: { kind: 'constant', rate: 0.01 } }
  const training = resnet.train({ model: network(name), data, recipe, only: ['fc'], seed: 3, worker: false })
  const losses = []
  for await (const event of training) {
    if (event.kind !== 'step') continue
    if (event.step === 2) await write(`${name}.checkpoint.safetensors`, await training.checkpoint())
    if (event.step > 2) losses.push(event.loss)
  }
  expected.checkpoints[name] = losses
}

await writeFile(new URL('expected.json', here), `${JSON.stringify(expected, null, 2)}\n`)
