import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fromFloat32, graphOf, input, type StoredTensors, writeSafetensors } from '@residual/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { architecture } from '../src/architectures.ts'
import { type LoadOptions, loadModel } from '../src/load.ts'
import { resnet } from '../src/network.ts'

/** A weights file of an architecture, every number 0.01; `rename` makes it look like another library's. */
function weightsOf(name: string, classes: number, rename = (key: string) => key): Uint8Array {
  const { parameters } = graphOf([resnet(architecture(name), input('x', [1, 32, 32, 3]), { classes }).logits])
  const tensors: StoredTensors = new Map(
    parameters.map(({ attributes, shape }) => {
      const values = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.01)
      return [rename(attributes.name), fromFloat32(values, shape, 'F16')]
    }),
  )
  return writeSafetensors(tensors)
}

let folder: string
const at = (...parts: string[]) => join(folder, ...parts)

async function directory(name: string, files: Record<string, Uint8Array | object>): Promise<void> {
  await mkdir(at(name))
  for (const [file, content] of Object.entries(files)) {
    await writeFile(at(name, file), content instanceof Uint8Array ? content : JSON.stringify(content))
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-load-'))
  const small = weightsOf('resnet20', 3)
  await writeFile(at('small.safetensors'), small)
  await writeFile(at('text.th'), 'not weights')
  await directory('empty', {})
  await directory('ours', {
    'config.json': { architecture: 'plain20', id2label: { 0: 'a', 1: 'b', 2: 'c' } },
    'preprocessor_config.json': { size: 40, crop_size: 32, image_mean: [0.5, 0.5, 0.5], image_std: [0.2, 0.2, 0.2] },
    'model.safetensors': small,
  })
  await directory('timm', {
    'config.json': { architecture: 'resnet18', pretrained_cfg: { input_size: [3, 288, 288], crop_pct: 1 } },
    'model.safetensors': weightsOf('resnet18', 5),
  })
  await directory('transformers', {
    'config.json': { model_type: 'resnet', layer_type: 'bottleneck', downsample_in_bottleneck: true },
    'pytorch_model.bin': weightsOf('resnet50', 2, key => `module.${key}`),
  })
  await directory('few-labels', {
    'config.json': { architecture: 'resnet20', id2label: { 0: 'a' } },
    'model.safetensors': small,
  })
  await directory('broken-config', { 'config.json': new TextEncoder().encode('{'), 'model.safetensors': small })
  await directory('list-config', { 'config.json': [1], 'model.safetensors': small })
})

afterAll(() => rm(folder, { recursive: true }))

describe('loadModel', () => {
  test('reads a file, tells the architecture and takes the preprocessing of the family', async () => {
    const model = await loadModel(at('small.safetensors'))
    expect(model).toMatchObject({ name: 'small', labels: ['class 0', 'class 1', 'class 2'] })
    expect(model.architecture).toEqual({ ...architecture('resnet20'), classes: 3 })
    expect(model.preprocessing).toMatchObject({ resize: 32, crop: 32, mean: [0.4914, 0.4822, 0.4465] })
  })

  test('takes bytes, and file URLs', async () => {
    expect((await loadModel(weightsOf('resnet20', 100))).labels[3]).toBe('bear')
    expect((await loadModel(pathToFileURL(at('small.safetensors')).href)).name).toBe('small')
  })

  test('reads a directory with names, architecture and preprocessing of its own', async () => {
    const model = await loadModel(at('ours'))
    expect(model).toMatchObject({ name: 'ours', labels: ['a', 'b', 'c'], architecture: { name: 'plain20' } })
    expect(model.preprocessing).toMatchObject({ resize: 40, crop: 32, mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] })
  })

  test('what the caller states goes first', async () => {
    const options: LoadOptions = { arch: 'resnet20', mean: [0.1, 0.2, 0.3], std: [1, 2, 3] }
    const model = await loadModel(at('ours'), options)
    expect(model.architecture.name).toBe('resnet20')
    expect(model.preprocessing).toMatchObject({ resize: 40, mean: [0.1, 0.2, 0.3], std: [1, 2, 3] })
  })

  test("reads timm's and transformers' directories", async () => {
    const timm = await loadModel(`${at('timm')}/`)
    expect(timm).toMatchObject({ name: 'timm', architecture: { name: 'resnet18', classes: 5 } })
    expect(timm.preprocessing).toMatchObject({ resize: 288, crop: 288 })
    const transformers = await loadModel(at('transformers'))
    expect(transformers.architecture).toEqual({ ...architecture('resnet50_v1'), classes: 2 })
  })

  test.each<[source: string, options: LoadOptions, error: string, message: string]>([
    [
      'nothing.th',
      {},
      'ModelError',
      'there is no model at "FOLDER/nothing.th": give a file, a model directory or an embedded model (cifar10-resnet20)',
    ],
    ['text.th', {}, 'FormatError', 'this is neither a safetensors file nor a PyTorch checkpoint'],
    [
      'nul\0.th',
      {},
      'ModelError',
      "cannot read \"FOLDER/nul\\u0000.th\": The argument 'path' must be a string, Uint8Array, or URL without null bytes. Received 'FOLDER/nul\\x00.th'",
    ],
    ['empty', {}, 'ModelError', 'empty holds no model.safetensors and no pytorch_model.bin'],
    ['few-labels', {}, 'ModelError', 'config.json names 1 classes, the classifier has 3'],
    ['broken-config', {}, 'FormatError', 'config.json is not JSON'],
    ['list-config', {}, 'FormatError', 'config.json holds no JSON object'],
    [
      'small.safetensors',
      { arch: 'resnet20_b' },
      'ParameterError',
      'the weights do not fit the network: 10 missing ("layer2.0.downsample.0.weight", "layer2.0.downsample.1.weight", "layer2.0.downsample.1.bias" and 7 more)',
    ],
    [
      'small.safetensors',
      { arch: 'resnet21' },
      'ArchitectureError',
      'unknown architecture "resnet21" (CIFAR networks have 6n+2 layers); the nearest names are resnet20, resnet18, resnet34',
    ],
  ])('%s with %j is refused', async (source, options, name, message) => {
    await expect(loadModel(at(source), options)).rejects.toThrow(
      expect.objectContaining({ name, message: message.replaceAll('FOLDER', folder) }),
    )
  })

  test('an architecture is not a model', async () => {
    await expect(loadModel('resnet50')).rejects.toThrow(
      'there is no model at "resnet50": resnet50 is an architecture; give its weights as the model',
    )
  })
})
