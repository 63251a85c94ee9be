import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSafetensors, toFloat32 } from '@residual/core'
import { type Architecture, architecture, evaluate, loadModel } from '@residual/resnet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCheckpoint, writeCheckpoint } from '../src/checkpoint.ts'
import { type Recipe, type RecipeInput, type TrainingEvent, type TrainOptions, train } from '../src/index.ts'
import { epochsIn, eventsOf, isSame, stepsIn } from './events.ts'
import { images } from './images.ts'

let folder: string
let made = 0
const directory = () => join(folder, String(made++))
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-train-'))
})
afterAll(() => rm(folder, { recursive: true }))

const data = images(26)
const testData = images(7, 99)

/** Three epochs of six steps. */
const recipe: RecipeInput = {
  epochs: 3,
  batch: 4,
  schedule: { rate: 0.05 },
  augmentation: { padAndCrop: 1, flip: true },
}

/** A recipe with everything that has a state or uses random numbers. */
const everything: RecipeInput = {
  ...recipe,
  batch: 2,
  accumulate: 2,
  optimizer: { kind: 'adamw' },
  schedule: { rate: 0.002, warmUp: { length: 0.2 } },
  ema: 0.99,
  clip: 1,
  labelSmoothing: 0.1,
  stochasticDepth: 0.3,
  augmentation: { padAndCrop: 1, flip: true, cutout: 2, mixup: 0.2, cutmix: 1 },
}

const small: TrainOptions = { arch: 'resnet8', data, recipe, worker: false }

describe('the events of a training', () => {
  test('are the start, the steps and the epochs', async () => {
    const events = await eventsOf({ ...small, test: testData })
    expect(events.map(({ kind }) => kind)).toEqual([
      'start',
      ...[1, 2, 3].flatMap(() => [...Array<string>(6).fill('step'), 'epoch']),
    ])
    expect(events[0]).toEqual({
      kind: 'start',
      step: 0,
      steps: 18,
      epochs: 3,
      images: 26,
      parameters: 74_835,
      architecture: 'resnet8',
      newClassifier: false,
      build: expect.stringMatching(/^(relaxed|simd128)$/),
      threads: 1,
      memory: expect.any(Number),
    })
    const steps = stepsIn(events)
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 18 }, (_, i) => i + 1))
    expect(steps.map(({ epoch }) => epoch)).toEqual([1, 2, 3].flatMap(epoch => Array(6).fill(epoch)))
    expect(steps[0]).toEqual({
      kind: 'step',
      epoch: 1,
      step: 1,
      lr: 0.05,
      loss: expect.any(Number),
      top1: expect.any(Number),
      imagesPerSecond: expect.any(Number),
    })
    for (const [i, epoch] of epochsIn(events).entries()) {
      const own = steps.filter(step => step.epoch === i + 1)
      const mean = (key: 'loss' | 'top1') => own.reduce((sum, step) => sum + step[key], 0) / own.length
      expect(Object.keys(epoch)).toEqual([
        'kind',
        'epoch',
        'step',
        'lr',
        'trainLoss',
        'trainTop1',
        'testLoss',
        'testTop1',
        'imagesPerSecond',
      ])
      expect(epoch).toMatchObject({ epoch: i + 1, step: 6 * (i + 1), lr: own[5].lr })
      expect(epoch.trainLoss).toBeCloseTo(mean('loss'), 10)
      expect(epoch.trainTop1).toBeCloseTo(mean('top1'), 10)
      expect((7 * epoch.testTop1!) % 1).toBeCloseTo(0, 10)
    }
  })

  test('have no test results without test images', async () => {
    const [epoch] = epochsIn(await eventsOf({ ...small, recipe: { ...recipe, epochs: 1 } }))
    expect(epoch).toMatchObject({ testLoss: null, testTop1: null })
  })

  test('a length in steps may end within an epoch, and a step may take several batches', async () => {
    const length = { epochs: undefined, steps: 5 }
    const events = await eventsOf({ ...small, recipe: { ...recipe, ...length, accumulate: 4 } })
    // 20 batches of 4; 6 batches are an epoch.
    expect(stepsIn(events).map(({ epoch }) => epoch)).toEqual([1, 2, 2, 3, 4])
    expect(epochsIn(events).map(({ epoch, step }) => [epoch, step])).toEqual([
      [1, 2],
      [2, 3],
      [3, 5],
    ])
  })
})

describe('the directory of a training', () => {
  test('is a model directory with the log, the curves and the checkpoint', async () => {
    const out = directory()
    const training = train({ ...small, out, test: testData, recipe: { ...recipe, ema: 0.9 } })
    const events: TrainingEvent[] = []
    for await (const event of training) events.push(event)
    const files = (await readdir(out)).map(name => name.replace(/(tfevents)\.\d+\.\d+/, '$1')).sort()
    expect(files).toEqual([
      'checkpoint.safetensors',
      'config.json',
      'events.out.tfevents.residual',
      'log.jsonl',
      'model.safetensors',
      'preprocessor_config.json',
    ])
    const log = (await readFile(join(out, 'log.jsonl'), 'utf8')).trimEnd().split('\n')
    expect(log.map(line => ({ kind: 'epoch', ...JSON.parse(line) }))).toEqual(epochsIn(events))

    const trained = await training.model()
    const loaded = await loadModel(out)
    expect(loaded.labels).toEqual(['top', 'left', 'middle'])
    expect(loaded.architecture).toEqual(trained.architecture)
    expect(loaded.preprocessing).toEqual({ ...trained.preprocessing, resize: 8, crop: 8 })
    const weights = await loaded.readParameters()
    for (const [name, values] of await trained.readParameters()) expect(isSame(weights.get(name)!, values)).toBe(true)
    const { top1 } = await evaluate(loaded, testData)
    expect(top1).toBe(epochsIn(events)[2].testTop1)

    // The saved model has the averages of weights and running statistics.
    const { tensors } = readSafetensors(await training.checkpoint())
    for (const name of ['conv1.weight', 'bn1.running_var', 'fc.bias']) {
      expect(weights.get(name)).toEqual(toFloat32(tensors.get(`ema.${name}`)!))
      expect(weights.get(name)).not.toEqual(toFloat32(tensors.get(name)!))
    }
  })

  test('is refused for a second training', async () => {
    const out = directory()
    await eventsOf({ ...small, out, recipe: { ...recipe, epochs: 1 } })
    await expect(eventsOf({ ...small, out })).rejects.toThrow(
      `${JSON.stringify(out)} holds a training; resume it, or give another directory`,
    )
    await rm(join(out, 'checkpoint.safetensors'))
    await expect(eventsOf({ ...small, out })).rejects.toThrow(
      `${JSON.stringify(out)} holds a model; give another directory`,
    )
  })
})

describe('a training that is resumed', () => {
  const whole = { ...small, recipe: everything, test: testData }
  let straight: string
  let wanted: TrainingEvent[]
  beforeAll(async () => {
    straight = directory()
    wanted = await eventsOf({ ...whole, out: straight })
  })

  // Epochs end with steps 7, 13 and 19.
  test.each([1, 3, 7, 8, 18])('at step %d ends with the same bits', async cut => {
    const out = directory()
    const stop = new AbortController()
    const events: TrainingEvent[] = []
    for await (const event of train({ ...whole, out, signal: stop.signal })) {
      events.push(event)
      if (event.kind === 'step' && event.step === cut) stop.abort()
    }
    expect(stepsIn(events)).toHaveLength(cut)
    // The directory can be used in the meantime.
    expect((await loadModel(out)).architecture.name).toBe('resnet8')
    const rest = await eventsOf({ ...whole, out, resume: true })
    expect(rest[0]).toMatchObject({ kind: 'start', step: cut, steps: 19 })
    const timeless = (list: readonly TrainingEvent[]) =>
      list.filter(({ kind }) => kind !== 'start').map(event => ({ ...event, imagesPerSecond: 0 }))
    expect([...timeless(events), ...timeless(rest)]).toEqual(timeless(wanted))
    for (const file of ['checkpoint.safetensors', 'model.safetensors']) {
      const [one, other] = await Promise.all([straight, out].map(path => readFile(join(path, file))))
      expect(isSame(one, other), file).toBe(true)
    }
    const log = await readFile(join(out, 'log.jsonl'), 'utf8')
    expect(log.trimEnd().split('\n')).toHaveLength(3)
  })

  test('forgets everything after its checkpoint', async () => {
    const out = directory()
    const stop = new AbortController()
    for await (const event of train({ ...small, out, signal: stop.signal })) if (event.step === 7) stop.abort()
    const log = join(out, 'log.jsonl')
    const before = await readFile(log, 'utf8')
    // As if the process had been killed while it wrote the line of the third epoch.
    await writeFile(log, `${before}{"epoch":2,"step":12}\n{"epoch":3,"st`)
    await eventsOf({ ...small, out, resume: true })
    const epochs = (await readFile(log, 'utf8'))
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line).epoch)
    expect(epochs).toEqual([1, 2, 3])
  })

  test('continues even if its older recipe has no initialization', async () => {
    const stop = new AbortController()
    const first = train({ ...small, signal: stop.signal })
    for await (const event of first) if (event.step === 3) stop.abort()
    const checkpoint = readCheckpoint(await first.checkpoint())
    const { initialization: _, ...recipe } = checkpoint.plan.recipe
    const plan = { ...checkpoint.plan, recipe: recipe as Recipe }
    const [start] = await eventsOf({ ...small, resume: writeCheckpoint({ ...checkpoint, plan }, new Map()) })
    expect(start).toMatchObject({ kind: 'start', step: 3 })
  })

  test('of an architecture without a known name continues, since its checkpoint holds the row', async () => {
    const arch: Architecture = { ...architecture('resnet8'), name: 'uneven', layers: [1, 2], widths: [16, 24] }
    const out = directory()
    const first = train({ ...small, arch, out, signal: AbortSignal.abort() })
    for await (const _ of first);
    const { plan } = readCheckpoint(await readFile(join(out, 'checkpoint.safetensors')))
    expect(plan.architecture).toEqual({ ...arch, classes: 3 })
    const events = await eventsOf({ ...small, arch, out, resume: true })
    expect(events[0]).toMatchObject({ kind: 'start', step: 0, architecture: 'uneven' })
    expect((await loadModel(out)).architecture).toEqual({ ...arch, classes: 3 })
    await expect(eventsOf({ ...small, arch: 'resnet8', out, resume: true })).rejects.toThrow(
      'is of a training with arch "uneven", not "resnet8"; resume it with the same options',
    )
  })

  test('continues from bytes, without a directory', async () => {
    const stop = new AbortController()
    const first = train({ ...whole, signal: stop.signal })
    for await (const event of first) if (event.step === 8) stop.abort()
    const rest = train({ ...whole, resume: await first.checkpoint() })
    for await (const _ of rest);
    expect(Buffer.from(await rest.checkpoint()).equals(await readFile(join(straight, 'checkpoint.safetensors')))).toBe(
      true,
    )
  })

  test('that was finished only starts', async () => {
    const out = directory()
    await eventsOf({ ...small, out })
    const events = await eventsOf({ ...small, out, resume: true })
    expect(events).toMatchObject([{ kind: 'start', step: 18 }])
  })

  test.each<[what: string, options: Partial<TrainOptions>, message: string]>([
    ['arch', { arch: 'resnet14' }, 'arch "resnet8", not "resnet14"'],
    ['seed', { seed: 4 }, 'seed 0, not 4'],
    ['limit', { limit: 20 }, 'images 26, not 20'],
    ['size', { size: 16 }, 'size 8, not 16'],
    ['recipe', { recipe: { ...recipe, batch: 8 } }, 'recipe batch 4, not 8'],
    ['changes', { changes: { ema: 0.5 } }, 'recipe ema null, not 0.5'],
  ])('with another %s is refused', async (_, options, message) => {
    const stop = AbortSignal.abort()
    const first = train({ ...small, signal: stop })
    for await (const _ of first);
    const resumed = { ...small, ...options, resume: await first.checkpoint() }
    await expect(eventsOf(resumed)).rejects.toThrow(
      expect.objectContaining({
        name: 'CheckpointError',
        message: `the checkpoint is of a training with ${message}; resume it with the same options`,
      }),
    )
  })

  test('needs something to resume', async () => {
    const out = directory()
    await expect(eventsOf({ ...small, out, resume: true })).rejects.toThrow(
      `${JSON.stringify(out)} holds no training to resume; leave out resume to begin one`,
    )
    await expect(eventsOf({ ...small, resume: true })).rejects.toThrow('resume needs out, or the bytes of a checkpoint')
  })
})

test('any number of threads gives the same bits', async () => {
  const after = async (threads: number) => {
    const training = train({ ...small, recipe: { ...everything, epochs: 1 }, threads })
    for await (const _ of training);
    return training.checkpoint()
  }
  const one = await after(1)
  expect(isSame(await after(2), one)).toBe(true)
  expect(isSame(await after(3), one)).toBe(true)
})

test('a worker gives the same bits', async () => {
  const after = async (worker: boolean) => {
    const training = train({ ...small, recipe: { ...everything, epochs: 1 }, worker })
    for await (const _ of training);
    return training.checkpoint()
  }
  expect(isSame(await after(true), await after(false))).toBe(true)
})

test('ten images can be memorised', async () => {
  const ten = images(10)
  const schedule = { kind: 'constant', rate: 0.05 } as const
  const events = await eventsOf({
    ...small,
    data: ten,
    test: ten,
    recipe: { epochs: 40, batch: 10, schedule, augmentation: { flip: false, padAndCrop: 0 } },
  })
  expect(epochsIn(events).at(-1)).toMatchObject({ trainTop1: 1, testTop1: 1 })
})

test('leaving the loop saves nothing', async () => {
  const out = directory()
  for await (const event of train({ ...small, out })) if (event.step === 2) break
  expect(await readdir(out)).toHaveLength(1)
})

test('a training can be iterated once', async () => {
  const training = train(small)
  await expect(training.model()).rejects.toThrow('the training has not begun; request its first event')
  for await (const _ of training) break
  await expect(async () => {
    for await (const _ of training);
  }).rejects.toThrow('this training has already begun; call train again to resume it or to start over')
})
