import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type EpochEvent,
  loadModel,
  type RecipeInput,
  type StepEvent,
  type TrainingEvent,
  type TrainOptions,
  train,
} from '../../src/index.ts'
import { pictures } from './pictures.ts'

let folder: string
let made = 0
const directory = () => join(folder, String(made++))
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-train-'))
})
afterAll(() => rm(folder, { recursive: true }))

const data = pictures(26)
const testData = pictures(7, 99)

/** Three epochs of six updates. */
const recipe: RecipeInput = { epochs: 3, batch: 4, schedule: { rate: 0.05 }, augmentation: { padAndCrop: 1, flip: true } }

/** A little of everything that has a state or draws lots. */
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

async function eventsOf(options: TrainOptions): Promise<TrainingEvent[]> {
  const events: TrainingEvent[] = []
  for await (const event of train(options)) events.push(event)
  return events
}

const stepsIn = (events: readonly TrainingEvent[]) => events.filter((event): event is StepEvent => event.kind === 'step')
const epochsIn = (events: readonly TrainingEvent[]) =>
  events.filter((event): event is EpochEvent => event.kind === 'epoch')

describe('the events of a training', () => {
  test('are its start, its steps and its epochs', async () => {
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
      parameters: 77_587,
      architecture: 'resnet8',
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

  test('have no test without test pictures', async () => {
    const [epoch] = epochsIn(await eventsOf({ ...small, recipe: { ...recipe, epochs: 1 } }))
    expect(epoch).toMatchObject({ testLoss: null, testTop1: null })
  })

  test('a length in steps may end within an epoch, and updates may span batches', async () => {
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
