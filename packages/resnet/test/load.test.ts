import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fromFloat32, graphOf, input, readFloat32, type Weight, writeSafetensors } from '@residual/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { architecture } from '../src/architectures.ts'
import { ModelError } from '../src/errors.ts'
import { type LoadOptions, loadModel } from '../src/load.ts'
import { resnet } from '../src/network.ts'
import { torchLegacy, torchZip } from './weights/torch-builder.ts'

/** The weights of an architecture, with all values 0.01; `rename` can change the names to another library's. */
function tensorsOf(name: string, classes: number, rename = (key: string) => key): Map<string, Weight<Uint8Array>> {
  const { parameters } = graphOf([resnet(architecture(name), input('x', [1, 32, 32, 3]), { classes }).logits])
  return new Map(
    parameters.map(({ attributes, shape }) => {
      const values = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.01)
      return [rename(attributes.name), fromFloat32(values, shape, 'F16')]
    }),
  )
}

const weightsOf = (...network: Parameters<typeof tensorsOf>) => writeSafetensors(tensorsOf(...network))

/** Weights with an empty classifier: the given shapes have an axis of size 0. */
function withoutElements(weight: readonly number[], bias: readonly number[]): Map<string, Weight<Uint8Array>> {
  const empty = (shape: readonly number[]) => ({ dtype: 'F16', shape, bytes: new Uint8Array(0) }) as const
  return new Map([...tensorsOf('resnet20', 3), ['fc.weight', empty(weight)], ['fc.bias', empty(bias)]])
}

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

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
    'config.json': {
      ...{ model_type: 'resnet', layer_type: 'bottleneck' },
      ...{ downsample_in_bottleneck: true, hidden_act: 'silu' },
    },
    'pytorch_model.bin': weightsOf('resnet50', 2, key => `module.${key}`),
  })
  await directory('few-labels', {
    'config.json': { architecture: 'resnet20', id2label: { 0: 'a' } },
    'model.safetensors': small,
  })
  await directory('broken-config', { 'config.json': new TextEncoder().encode('{'), 'model.safetensors': small })
  const deep = (before: string, after: string) => new TextEncoder().encode(`${before}${nested(20_000)}${after}`)
  await directory('deep-config', { 'config.json': deep('{"architecture":', '}'), 'model.safetensors': small })
  await directory('deep-label', { 'config.json': deep('{"id2label":{"0":', '}}'), 'model.safetensors': small })
  await directory('deep-timm', {
    'config.json': deep('{"architecture":"resnet20","pretrained_cfg":', '}'),
    'model.safetensors': small,
  })
  await directory('deep-size', { 'preprocessor_config.json': deep('{"size":', '}'), 'model.safetensors': small })
  await directory('holes', {
    'config.json': { architecture: 'resnet20', id2label: { 0: 'a', 1.5: 'b', '-1': 'c' } },
    'model.safetensors': small,
  })
  const noClasses = withoutElements([0, 64], [0])
  await writeFile(at('no-classes.safetensors'), writeSafetensors(noClasses))
  await writeFile(at('no-classes.pth'), torchZip(noClasses))
  await writeFile(at('no-classes.th'), torchLegacy(noClasses))
  await writeFile(at('many-classes.safetensors'), writeSafetensors(withoutElements([2 ** 24, 0], [0])))
  await writeFile(at('most-classes.safetensors'), writeSafetensors(withoutElements([2 ** 40, 0], [0])))
  await directory('list-config', { 'config.json': [1], 'model.safetensors': small })
})

afterAll(() => rm(folder, { recursive: true }))

describe('loadModel', () => {
  test("reads a file, infers the architecture and uses the family's preprocessing", async () => {
    const model = await loadModel(at('small.safetensors'))
    expect(model).toMatchObject({ name: 'small', labels: ['class 0', 'class 1', 'class 2'] })
    expect(model.architecture).toEqual({ ...architecture('resnet20'), classes: 3 })
    expect(model.preprocessing).toMatchObject({ resize: 32, crop: 32, mean: [0.4914, 0.4822, 0.4465] })
  })

  test('accepts bytes and file URLs', async () => {
    expect((await loadModel(weightsOf('resnet20', 100))).labels[3]).toBe('bear')
    expect((await loadModel(pathToFileURL(at('small.safetensors')).href)).name).toBe('small')
  })

  test('reads a directory with its own labels, architecture and preprocessing', async () => {
    const model = await loadModel(at('ours'))
    expect(model).toMatchObject({ name: 'ours', labels: ['a', 'b', 'c'], architecture: { name: 'plain20' } })
    expect(model.preprocessing).toMatchObject({ resize: 40, crop: 32, mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] })
  })

  test("the caller's options take precedence", async () => {
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
    expect(transformers.architecture).toEqual({ ...architecture('resnet50_v1_silu'), classes: 2 })
  })

  test('opens a classifier with a single class, which always has score 1', async () => {
    const model = await loadModel(weightsOf('resnet20', 1))
    const image = { width: 32, height: 32, data: new Uint8Array(32 * 32 * 3) }
    expect((await model.classify(image)).predictions).toEqual([{ label: 'class 0', score: 1, index: 0 }])
  })

  const noClasses = 'the classifier has no classes: fc.weight is [0,64]; give other weights'

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
      'deep-config',
      {},
      'FormatError',
      'config.json: got architecture [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[, wanted a string',
    ],
    ['deep-label', {}, 'FormatError', 'config.json: id2label has 1 entries and no name for class 0'],
    [
      'deep-timm',
      {},
      'FormatError',
      'config.json: got pretrained_cfg [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[, wanted an object',
    ],
    [
      'deep-size',
      {},
      'FormatError',
      'preprocessor_config.json: got size [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[, wanted an object',
    ],
    ['holes', {}, 'FormatError', 'config.json: id2label has 3 entries and no name for class 1'],
    ...['no-classes.safetensors', 'no-classes.pth', 'no-classes.th'].map(
      (file): [string, LoadOptions, string, string] => [file, {}, 'ModelError', noClasses],
    ),
    ['no-classes.safetensors', { arch: 'plain20' }, 'ModelError', noClasses],
    [
      'many-classes.safetensors',
      {},
      'ParameterError',
      'the weights do not fit the network: 2 of another shape ("fc.weight" is [16777216,0], not [16777216,64], "fc.bias" is [0], not [16777216])',
    ],
    [
      'most-classes.safetensors',
      {},
      'ShapeError',
      "parameter 'fc.weight': got shape [1099511627776, 64], wanted at most 2147483647 elements",
    ],
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

  test.each<[options: object, message: string]>([
    [
      { architecture: 'resnet20' },
      'got the unknown key "architecture", wanted some of threads, build, backend, arch, mean, std, signal, stallSeconds',
    ],
    [{ threads: '2' }, 'got threads "2", wanted a whole number of at least 1'],
    [{ mean: [0.5, 0.5] }, 'got mean [0.5,0.5], wanted a list of 3'],
    [{ std: [1, 0, 1] }, 'got std[1] 0, wanted a number above 0'],
  ])('refuses the options %j', async (options, message) => {
    await expect(loadModel('cifar10-resnet20', options)).rejects.toThrow(new ModelError(`loadModel: ${message}`))
  })

  test('an architecture is not a model', async () => {
    await expect(loadModel('resnet50')).rejects.toThrow(
      'there is no model at "resnet50": resnet50 is an architecture; give its weights as the model',
    )
  })
})

describe('weights that stay in their file', () => {
  const images = (n: number) => Float32Array.from({ length: n * 32 * 32 * 3 }, (_, i) => Math.sin(i / 5))
  const file = async (name: string) => {
    await writeFile(at(name), weightsOf('resnet20', 3))
    return at(name)
  }

  test('give the same results as bytes, even if another file takes the place of theirs', async () => {
    const path = await file('moved.safetensors')
    const [model, bytes] = [await loadModel(path), await loadModel(weightsOf('resnet20', 3))]
    await rm(path)
    await writeFile(path, 'something else')
    for (const n of [1, 2]) expect(await model.logits(images(n), n)).toEqual(await bytes.logits(images(n), n))
    expect([...(await model.readParameters())]).toEqual([...(await bytes.readParameters())])
    const biases = [model, bytes].map(({ parameters }) => readFloat32(parameters.get('fc.bias')!))
    expect(await biases[0]).toEqual(await biases[1])
  })

  test.each([
    ['written to', (path: string) => writeFile(path, weightsOf('resnet20', 3))],
    ['cut short', (path: string) => truncate(path, 100)],
  ])('must not be %s', async (_, change) => {
    const path = await file('changed.safetensors')
    const model = await loadModel(path)
    await change(path)
    const later = new Date(Date.now() + 5000)
    await utimes(path, later, later)
    const message = `${JSON.stringify(path)} was written to while its model is in use; load it again`
    await expect(model.logits(images(1), 1)).rejects.toThrow(new ModelError(message))
    await expect(readFloat32(model.parameters.get('fc.bias')!)).rejects.toThrow(message)
  })

  describe('with more models than open files', () => {
    /** Loads so many models that earlier ones have to open their files again. */
    async function loadOthers(): Promise<void> {
      const others = await file('others.safetensors')
      for (let i = 0; i < 32; i++) await loadModel(others)
    }

    test('are read again from the same file', async () => {
      const model = await loadModel(await file('again.safetensors'))
      const before = await model.readParameters()
      await loadOthers()
      expect(await model.readParameters()).toEqual(before)
      await loadOthers()
      expect((await model.logits(images(1), 1)).every(Number.isFinite)).toBe(true)
      await loadOthers()
      model[Symbol.dispose]()
      await expect(model.prepare()).rejects.toThrow('again was disposed of; load it again')
    })

    test.each<[what: string, change: (path: string) => Promise<unknown>, error: string]>([
      ['deleted', path => rm(path), 'was replaced or deleted while its model was idle; load it again'],
      [
        'replaced',
        async path => {
          await writeFile(`${path}.new`, weightsOf('resnet20', 3))
          await rename(`${path}.new`, path)
        },
        'was replaced or deleted while its model was idle; load it again',
      ],
      [
        'replaced by a pipe',
        async path => {
          await rm(path)
          execFileSync('mkfifo', [path])
        },
        'was replaced or deleted while its model was idle; load it again',
      ],
      [
        'written to',
        async path => {
          await writeFile(path, weightsOf('resnet20', 3))
          await utimes(path, 0, 0)
        },
        'was written to while its model is in use; load it again',
      ],
    ])('must not be %s', async (what, change, error) => {
      const path = await file(`${what.replaceAll(' ', '-')}.safetensors`)
      const model = await loadModel(path)
      await loadOthers()
      await change(path)
      const message = `${JSON.stringify(path)} ${error}`
      await expect(model.logits(images(1), 1)).rejects.toThrow(new ModelError(message))
      await expect(readFloat32(model.parameters.get('fc.bias')!)).rejects.toThrow(message)
    })
  })

  test('are not read after the model has been disposed of', async () => {
    const model = await loadModel(await file('disposed.safetensors'))
    await model.prepare()
    model[Symbol.dispose]()
    await expect(model.prepare()).rejects.toThrow('disposed was disposed of; load it again')
    await expect(model.readParameters()).rejects.toThrow('the model was disposed of; load it again')
  })
})
