import type { Preprocessing } from '@residual/vision'
import { describe, expect, test } from 'vitest'
import { readModelConfig } from '../src/config.ts'
import type { JsonObject } from '../src/json.ts'
import { defaultPreprocessing, readPreprocessorConfig, readTimmConfig } from '../src/preprocessing.ts'

const defaults = defaultPreprocessing('imagenet')

describe('preprocessor_config.json', () => {
  test.each<[what: string, config: JsonObject, wanted: Partial<Preprocessing>]>([
    ['an empty file gives the default', {}, {}],
    ['crop_pct', { size: 224, crop_pct: 0.875, resample: 3 }, { resize: 256, crop: 224, filter: 'bicubic' }],
    ['crop_pct rounds down', { size: { shortest_edge: 224 }, crop_pct: 0.95 }, { resize: 235, crop: 224 }],
    ['crop_size', { size: { shortest_edge: 232 }, crop_size: { height: 224, width: 224 } }, { resize: 232, crop: 224 }],
    ['only a size', { size: { height: 32, width: 32 } }, { resize: 32, crop: 32 }],
    ['mean and std', { image_mean: [0.5, 0.5, 0.5], image_std: [1, 1, 1] }, { mean: [0.5, 0.5, 0.5], std: [1, 1, 1] }],
    ['nulls count as missing', { size: null, image_mean: null, crop_pct: null, resample: null }, {}],
  ])('%s', (_, config, wanted) => {
    expect(readPreprocessorConfig(config, defaults)).toEqual({ ...defaults, ...wanted })
  })

  test.each<[config: JsonObject, message: string]>([
    [{ resample: 6 }, "got resample 6, wanted one of Pillow's filters, 0 to 5"],
    [{ resample: 'bicubic' }, `got resample "bicubic", wanted one of Pillow's filters, 0 to 5`],
    [{ size: 0 }, 'got size 0, wanted pixels from 1 to 4096'],
    [{ size: 1e9 }, 'got size 1000000000, wanted pixels from 1 to 4096'],
    [{ size: { height: 224, width: 336 } }, 'got size of 224 x 336, wanted a square'],
    [{ size: [224] }, 'got size [224], wanted an object'],
    [{ size: {} }, 'got size nothing, wanted pixels from 1 to 4096'],
    [{ size: { height: { toString: 1 }, width: [] } }, 'got size of {"toString":1} x [], wanted a square'],
    [{ size: 224, crop_pct: 0.05 }, 'crop_pct 0.05 of 224 pixels makes 4480, wanted at most 4096'],
    [{ size: 224, crop_pct: 1e-320 }, 'crop_pct 1e-320 of 224 pixels makes Infinity, wanted at most 4096'],
    [{ crop_pct: 0 }, 'got crop_pct 0, wanted a number above 0 and at most 1'],
    [{ image_mean: [0.5, 0.5] }, 'got image_mean [0.5,0.5], wanted a list of 3'],
    [{ image_std: [1, 0, 1] }, 'got image_std[1] 0, wanted a number above 0'],
  ])('%j is refused', (config, message) => {
    expect(() => readPreprocessorConfig(config, defaults)).toThrow(
      expect.objectContaining({ name: 'FormatError', message: `preprocessor_config.json: ${message}` }),
    )
  })
})

test("timm's pretrained_cfg", () => {
  const config = {
    input_size: [3, 224, 224],
    crop_pct: 0.95,
    interpolation: 'bicubic',
    mean: [0, 0, 0],
    std: [1, 1, 1],
  }
  expect(readTimmConfig(config, defaults)).toEqual({
    ...{ resize: 235, crop: 224, filter: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] },
  })
})

describe('config.json', () => {
  test.each<[what: string, config: JsonObject, wanted: ReturnType<typeof readModelConfig>]>([
    [
      'our own',
      { architecture: 'resnet20', id2label: { 1: 'b', 0: 'a' } },
      { architecture: 'resnet20', labels: ['a', 'b'] },
    ],
    [
      "transformers'",
      { model_type: 'resnet', depths: [3, 4, 6, 3], layer_type: 'bottleneck', hidden_act: 'silu' },
      { stridesEarly: false, activation: 'silu' },
    ],
    ["transformers' v1", { model_type: 'resnet', downsample_in_bottleneck: true }, { stridesEarly: true }],
  ])('%s', (_, config, wanted) => {
    expect(readModelConfig(config)).toEqual(wanted)
  })

  test.each<[config: JsonObject, message: string]>([
    [{ model_type: 'vit' }, 'config.json: got model_type "vit", wanted "resnet"'],
    [{ model_type: 'resnet', hidden_act: 'gelu' }, 'config.json: got hidden_act "gelu", wanted "relu" or "silu"'],
    [{ id2label: { 0: 'a', 2: 'b' } }, 'config.json: id2label has 2 entries and no name for class 1'],
    [{ id2label: { 0: 5 } }, 'config.json: id2label has 1 entries and no name for class 0'],
    [{ architecture: 5 }, 'config.json: got architecture 5, wanted a string'],
    [{ model_type: 'x'.repeat(1e6) }, `config.json: got model_type "${'x'.repeat(39)}, wanted "resnet"`],
  ])('%.60j is refused', (config, message) => {
    expect(() => readModelConfig(config)).toThrow(expect.objectContaining({ name: 'FormatError', message }))
  })
})
