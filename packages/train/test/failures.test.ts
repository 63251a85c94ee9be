import { readSafetensors, writeSafetensors } from '@residual/core'
import { architecture, Model } from '@residual/resnet'
import { beforeAll, describe, expect, test } from 'vitest'
import { checksum } from '../src/checksum.ts'
import { DivergenceError, initialParameters, type RecipeInput, type TrainOptions, train } from '../src/index.ts'
import { images } from './images.ts'

const data = images(12)
const recipe: RecipeInput = { epochs: 2, batch: 4, schedule: { rate: 0.05 } }
const small: TrainOptions = { arch: 'resnet8', data, recipe, worker: false }

async function through(options: TrainOptions): Promise<void> {
  for await (const _ of train(options));
}

/** A network of three classes with one weight changed. */
function modelWith(name: string, value: number): Model {
  const arch = { ...architecture('resnet8'), classes: 3 }
  const parameters = new Map(initialParameters(arch))
  parameters.set(
    name,
    parameters.get(name)!.map((x, i) => (i === 0 ? value : x)),
  )
  const preprocessing = {
    resize: 8,
    crop: 8,
    filter: 'bilinear',
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
  } as const
  return new Model({ name: 'changed', architecture: arch, labels: data.classes, preprocessing, parameters })
}

describe('a loss that is not finite', () => {
  const hint = 'lower the learning rate, warm up longer or clip gradients'

  test.each([
    ['conv1.weight', Number.NaN, 'conv1', 'the weights conv1.weight are'],
    ['layer2.0.conv1.weight', Number.POSITIVE_INFINITY, 'layer2.0.conv1', 'the weights layer2.0.conv1.weight are'],
    ['bn1.weight', 3e38, 'bn1', 'the output of bn1 is'],
    ['layer3.0.bn2.bias', Number.NaN, 'layer3.0.bn2', 'the weights layer3.0.bn2.bias are'],
  ])('from %s = %d names the layer', async (name, value, layer, what) => {
    const error = await through({ ...small, arch: undefined, model: modelWith(name, value) }).catch(error => error)
    expect(error).toBeInstanceOf(DivergenceError)
    expect(error).toMatchObject({ step: 1, layer })
    expect(error.message).toMatch(/^the loss is (NaN|-?Infinity) at step 1, /)
    expect(error.message.replace(/^.*? at step 1, /, '')).toBe(`and ${what} the first not to be finite; ${hint}`)
  })

  test('after too high a rate names the step, and the weights before that step are kept', async () => {
    const training = train({ ...small, recipe: { ...recipe, schedule: { kind: 'constant', rate: 1e30 } } })
    let steps = 0
    const error = await (async () => {
      for await (const event of training) if (event.kind === 'step') steps = event.step
    })().catch(error => error)
    expect(error).toBeInstanceOf(DivergenceError)
    expect(error.step).toBe(steps + 1)
    const parameters = await (await training.model()).readParameters()
    expect(parameters.get('conv1.weight')).toHaveLength(432)
  })
})

describe('refuses options that do not fit together', () => {
  const wide = { ...data, width: 16, height: 4 }
  const model = modelWith('conv1.weight', 0)
  const stochastic = { ...recipe, stochasticDepth: 0.1 }

  test.each<[name: string, message: string, options: Partial<TrainOptions>]>([
    [
      'ArchitectureError',
      'unknown architecture "resnet9" (CIFAR networks have 6n+2 layers); the nearest names are resnet18, resnet34, resnet50',
      { arch: 'resnet9' },
    ],
    ['RecipeError', 'unknown recipe "slow"; the recipes are fast, paper, finetune, or a JSON file', { recipe: 'slow' }],
    ['TrainingError', '12 images do not fill a batch of 13; use a smaller batch', { recipe: { ...recipe, batch: 13 } }],
    [
      'TrainingError',
      '12 images do not fill 4 batches of 4; use a smaller batch',
      { recipe: { ...recipe, epochs: 1, accumulate: 4 } },
    ],
    ['TrainingError', '3 images do not fill a batch of 4; use a smaller batch', { limit: 3 }],
    ['TrainingError', 'train: got limit 0, wanted a whole number of at least 1', { limit: 0 }],
    ['TrainingError', 'train: got seed -1, wanted a whole number of at least 0', { seed: -1 }],
    ['TrainingError', 'train: got size 0.5, wanted a whole number of pixels from 1 to 4096', { size: 0.5 }],
    ['TrainingError', 'only needs a trained model; give one, or train everything', { only: ['fc'] }],
    [
      'TrainingError',
      'only names the unknown layer "layer4"; resnet8 has layer1, layer1.0, layer1.0.conv1, fc and so on',
      { model, arch: undefined, only: ['fc', 'layer4'] },
    ],
    [
      'TrainingError',
      'only names no layer; resnet8 has layer1, layer1.0, layer1.0.conv1, fc and so on',
      { model, arch: undefined, only: [] },
    ],
    [
      'TrainingError',
      "the classes differ from the model's, so a new classifier has to be trained; name fc in only",
      { model, arch: undefined, only: ['layer3'], data: { ...data, classes: ['a', 'b', 'c'] } },
    ],
    ['TrainingError', 'the images are 16 x 4; give size, such as 32, to make them square', { data: wide }],
    ['TrainingError', 'got 1 classes, wanted at least 2', { data: { ...data, classes: ['one'] } }],
    [
      'TrainingError',
      'the test images have other classes than the training images; give both the same classes',
      { test: { ...data, classes: ['a', 'b', 'c'] } },
    ],
    ['TrainingError', 'the model is a resnet8, not a resnet20; leave out arch', { model, arch: 'resnet20' }],
    [
      'TrainingError',
      'stochasticDepth skips blocks, but the blocks of plain8 have no shortcuts; set it to 0',
      { arch: 'plain8', recipe: stochastic },
    ],
    [
      'TrainingError',
      'stochasticDepth skips blocks, but trained blocks must stay; set it to 0',
      { model, arch: undefined, only: ['fc'], recipe: stochastic },
    ],
    ['TrainingError', 'train: got threads 0, wanted a whole number of at least 1', { threads: 0 }],
    ['TrainingError', 'train: got worker "no", wanted true or false', { worker: 'no' as unknown as boolean }],
    [
      'TrainingError',
      'train: got the unknown key "epochs", wanted some of data, test, arch, model, only, recipe, changes, seed, size, limit, out, resume, checkpointEvery, worker, signal, threads, build, backend',
      { epochs: 1 } as Partial<TrainOptions>,
    ],
  ])('%s: %s', async (name, message, options) => {
    await expect(through({ ...small, ...options })).rejects.toThrow(expect.objectContaining({ name, message }))
  })
})

describe('checkpoints', () => {
  let bytes: Uint8Array
  beforeAll(async () => {
    const first = train({ ...small, signal: AbortSignal.abort() })
    for await (const _ of first);
    bytes = await first.checkpoint()
  })

  const damaged =
    /^the checkpoint is damaged( or not a checkpoint \(.*\))?(: its checksum does not match its content)?; start again without it$/

  test.each([0, 1, 7, 8, 100, 5000, 0.5, 0.999])('cut off at %d are refused', async at => {
    const length = at < 1 ? Math.floor(at * bytes.length) : at
    await expect(through({ ...small, resume: bytes.subarray(0, length) })).rejects.toThrow(
      expect.objectContaining({ name: 'CheckpointError', message: expect.stringMatching(damaged) }),
    )
  })

  test('with any byte changed are refused', async () => {
    const { length } = bytes
    for (let i = 0; i < 40; i++) {
      const at = i < 20 ? 8 + i * 150 : Math.floor((i * length) / 40)
      const changed = bytes.slice()
      changed[at] ^= 1 << (i % 8)
      const error = await through({ ...small, resume: changed }).catch(error => error)
      expect(error?.name, `byte ${at}`).toBe('CheckpointError')
    }
  })

  /** Changes the training's JSON and corrects the checksum. */
  const changedTraining = (change: (training: string) => string) => {
    const { tensors, metadata } = readSafetensors(bytes)
    const training = change(metadata.training)
    return writeSafetensors(tensors, { metadata: { ...metadata, training, checksum: checksum(training, tensors) } })
  }

  test.each<[what: string, file: () => Uint8Array, message: string]>([
    [
      'weights',
      () => writeSafetensors(readSafetensors(bytes).tensors),
      'the checkpoint is not a checkpoint; give a directory that this version trained into',
    ],
    [
      'checkpoints of another version',
      () => {
        const { tensors, metadata } = readSafetensors(bytes)
        return writeSafetensors(tensors, { metadata: { ...metadata, format: 'residual-checkpoint-2' } })
      },
      'the checkpoint was written by another version; give a directory that this version trained into',
    ],
    [
      'checkpoints of an impossible training',
      () => {
        const { tensors, metadata } = readSafetensors(bytes)
        return writeSafetensors(tensors, { metadata: { ...metadata, training: '{}' } })
      },
      'the checkpoint is damaged: its checksum does not match its content; start again without it',
    ],
    [
      'checkpoints with a recipe nested 20,000 levels deep',
      () =>
        changedTraining(training =>
          training.replace('"batch":4', `"batch":${'['.repeat(20_000)}${']'.repeat(20_000)}`),
        ),
      `the checkpoint is damaged or not a checkpoint (recipe: got batch ${'['.repeat(40)}, wanted a whole number from 1 to 65536); start again without it`,
    ],
    [
      'checkpoints with a plan nested 20,000 levels deep',
      () => changedTraining(() => `{"plan":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
      `the checkpoint is damaged or not a checkpoint (training: got plan ${'['.repeat(40)}, wanted an object); start again without it`,
    ],
    [
      'checkpoints without valid JSON',
      () => changedTraining(() => '{\n\u001b[2J'),
      'the checkpoint is damaged or not a checkpoint (training is not JSON); start again without it',
    ],
    [
      'checkpoints of a step after the last one',
      () => changedTraining(training => training.replace(/"step":\d+/, '"step":100')),
      'the checkpoint is damaged: it is at step 100 of a training of 6; start again without it',
    ],
  ])('%s are refused', async (_, file, message) => {
    await expect(through({ ...small, resume: file() })).rejects.toThrow(
      expect.objectContaining({ name: 'CheckpointError', message }),
    )
  })
})
