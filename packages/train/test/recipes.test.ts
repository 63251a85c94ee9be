import { architecture } from '@residual/resnet'
import { describe, expect, test } from 'vitest'
import { type RecipeInput, recipe, recipeNames } from '../src/index.ts'

const resnet20 = architecture('resnet20')

describe('recipes', () => {
  test('there are three', () => {
    expect(recipeNames()).toEqual(['fast', 'paper', 'finetune'])
  })

  test('paper has the settings of the paper', () => {
    expect(recipe('paper', resnet20)).toEqual({
      steps: 64_000,
      batch: 128,
      accumulate: 1,
      optimizer: {
        kind: 'sgd',
        momentum: 0.9,
        nesterov: false,
        weightDecay: 1e-4,
        decoupled: false,
        decayNorms: true,
      },
      schedule: {
        kind: 'step',
        rate: 0.1,
        milestones: [0.5, 0.75],
        gamma: 0.1,
        warmUp: { length: 0, from: 0, flat: false },
      },
      labelSmoothing: 0,
      stochasticDepth: 0,
      zeroInitResidual: false,
      initialization: 'kaiming',
      layerRate: 1,
      augmentation: { padAndCrop: 4, flip: true },
    })
    const warmUp = { length: 400 / 64_000, from: 0.01, flat: true }
    expect(recipe('paper', architecture('resnet110')).schedule).toMatchObject({ warmUp })
  })

  test('changes replace settings key by key', () => {
    const changes = { epochs: 3, schedule: { rate: 0.05 }, optimizer: { weightDecay: 1e-3 } }
    const { epochs, steps, schedule, optimizer, augmentation } = recipe('paper', resnet20, {
      ...changes,
      augmentation: { cutout: 8 },
    })
    expect({ epochs, steps }).toEqual({ epochs: 3 })
    expect(schedule).toMatchObject({ kind: 'step', rate: 0.05, milestones: [0.5, 0.75] })
    expect(optimizer).toMatchObject({ kind: 'sgd', momentum: 0.9, weightDecay: 1e-3 })
    expect(augmentation).toEqual({ padAndCrop: 4, flip: true, cutout: 8 })
  })

  test.each<[from: string, kind: 'step' | 'oneCycle', wanted: object]>([
    ['cosine', 'step', { rate: 0.25, warmUp: { length: 0.1 }, milestones: [0.5, 0.75] }],
    ['cosine', 'oneCycle', { rate: 0.25, rise: 0.3 }],
  ])('from %s to %s the rate is kept', (_, kind, wanted) => {
    expect(recipe('fast', resnet20, { schedule: { kind } }).schedule).toMatchObject({ kind, ...wanted })
  })

  test('another optimiser starts with its default settings', () => {
    expect(recipe('fast', resnet20, { optimizer: { kind: 'adamw' } }).optimizer).toEqual({
      kind: 'adamw',
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.01,
      decayNorms: true,
    })
  })

  test('an own recipe has defaults for everything but its length', () => {
    const own = recipe({ epochs: 2, optimizer: { kind: 'lars' } }, architecture('resnet18'))
    expect(own).toMatchObject({ epochs: 2, batch: 128, optimizer: { kind: 'lars', trust: 0.001 } })
    expect(own.augmentation).toEqual({ randomResizedCrop: true, flip: true })
    // A complete recipe can be read again.
    expect(recipe(own, architecture('resnet18'))).toEqual(own)
  })

  test.each<[value: object, message: string]>([
    [{}, 'recipe: got neither of epochs and steps, wanted one of them'],
    [{ epochs: 1, steps: 1 }, 'recipe: got both of epochs and steps, wanted one of them'],
    [{ epochs: 0 }, 'recipe: got epochs 0, wanted a whole number from 1 to 1000000000'],
    [{ epochs: 1, batch: 1.5 }, 'recipe: got batch 1.5, wanted a whole number from 1 to 65536'],
    [
      { epochs: 1, optimizer: { kind: 'adam' } },
      'recipe: got optimizer.kind "adam", wanted "sgd" or "adamw" or "lars" or "lamb"',
    ],
    [{ epochs: 1, optimizer: 'sgd' }, 'recipe: got optimizer "sgd", wanted an object'],
    [{ epochs: 1, optimizer: { momentum: 2 } }, 'recipe: got optimizer.momentum 2, wanted a number from 0 to 1'],
    [
      { epochs: 1, optimizer: { momentum: '0.9' } },
      'recipe: got optimizer.momentum "0.9", wanted a number from 0 to 1',
    ],
    [{ epochs: 1, optimizer: { nesterov: 1 } }, 'recipe: got optimizer.nesterov 1, wanted true or false'],
    [
      { epochs: 1, optimizer: { kind: 'lars', nesterov: true } },
      'recipe: got the unknown key "optimizer.nesterov", wanted some of kind, momentum, weightDecay, trust',
    ],
    [{ epochs: 1, schedule: { rate: -1 } }, 'recipe: got schedule.rate -1, wanted a number of at least 0'],
    [
      { epochs: 1, schedule: { kind: 'step', milestones: [0.5, 0.25] } },
      'recipe: got schedule.milestones [0.5,0.25], wanted a list of rising numbers',
    ],
    [
      { epochs: 1, schedule: { kind: 'step', milestones: [32000] } },
      'recipe: got schedule.milestones[0] 32000, wanted a number from 0 to 1',
    ],
    [{ epochs: 1, schedule: { kind: 'step', milestones: 1 } }, 'recipe: got schedule.milestones 1, wanted a list'],
    [{ epochs: 1, augmentation: { flip: null } }, 'recipe: got augmentation.flip null, wanted true or false'],
    [
      { epochs: 1, augmentation: { randomResizedCrop: { scale: [1] } } },
      'recipe: got augmentation.randomResizedCrop.scale [1], wanted a list of 2',
    ],
    [
      { epochs: 1, initialization: 'he' },
      'recipe: got initialization "he", wanted "kaiming" or "xavier" or "gaussian"',
    ],
    [{ epochs: 1, ema: Number.NaN }, 'recipe: got ema NaN, wanted a number from 0 to 1'],
  ])('%j is refused', (value, message) => {
    expect(() => recipe(value as RecipeInput, resnet20)).toThrow(
      expect.objectContaining({ name: 'RecipeError', message }),
    )
  })

  const list: unknown[] = []
  list.push(list)
  const deep: unknown = JSON.parse(`${'{"kind":'.repeat(20_000)}"sgd"${'}'.repeat(20_000)}`)
  const beginning = '{"kind":{"kind":{"kind":{"kind":{"kind":'
  test.each<[what: string, value: unknown, message: string]>([
    ['an optimiser nested 20,000 levels deep', { epochs: 1, optimizer: { kind: deep } }, `optimizer.kind ${beginning}`],
    ['a rate of that depth', { epochs: 1, schedule: { rate: deep } }, `schedule.rate ${beginning}`],
    ['a batch of that depth', { epochs: 1, batch: deep }, `batch ${beginning}`],
    ['a list that contains itself', { epochs: 1, batch: list }, `batch ${'['.repeat(40)}`],
    ['a list of a million numbers', { epochs: 1, batch: Array(1e6).fill(0) }, `batch [${'0,'.repeat(19)}0`],
    ['a large integer', { epochs: 1, batch: 2n ** 70n }, 'batch 1180591620717411303424'],
    ['nothing', null, 'null'],
    ['a list', [1], '[1]'],
    ['a prototype', JSON.parse('{"__proto__":{"epochs":1}}'), 'the unknown key "__proto__"'],
    ['a function', { epochs: 1, batch: Math.max }, 'batch function max() { [native code] }'],
  ])('%s is refused', (_, value, message) => {
    const error = caught(() => recipe(value as RecipeInput, resnet20))
    expect(error.name).toBe('RecipeError')
    expect(error.message.replace(/, wanted .*/, '')).toBe(`recipe: got ${message}`)
    if (typeof value === 'object' && value !== null) {
      expect(caught(() => recipe('fast', resnet20, value)).name).toBe('RecipeError')
    }
  })

  test('the error for an unknown key lists the known ones', () => {
    const { message } = caught(() => recipe({ epochs: 1, lr: 0.1 } as RecipeInput, resnet20))
    expect(message).toBe(
      'recipe: got the unknown key "lr", wanted some of epochs, steps, batch, accumulate, optimizer, schedule, clip, ema, labelSmoothing, stochasticDepth, zeroInitResidual, initialization, layerRate, augmentation',
    )
  })

  test('the error for an unknown name lists the known ones', () => {
    expect(caught(() => recipe('slow', resnet20)).message).toBe(
      'unknown recipe "slow"; the recipes are fast, paper, finetune, or a JSON file',
    )
  })
})

function caught(work: () => unknown): Error {
  try {
    work()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
