import { input } from '@residual/core'
import { describe, expect, test } from 'vitest'
import { architecture, architectureNames } from '../src/architectures.ts'
import { resnet } from '../src/network.ts'
import { summarize } from '../src/summary.ts'

/** The published numbers of parameters, and torchvision's numbers of multiply-accumulates in billions. */
const PUBLISHED: [name: string, params: number, gmacs?: number][] = [
  ['resnet18', 11_689_512, 1.814],
  ['resnet34', 21_797_672, 3.664],
  ['resnet50', 25_557_032, 4.089],
  ['resnet101', 44_549_160, 7.801],
  ['resnet152', 60_192_808, 11.514],
  ['resnext50_32x4d', 25_028_904, 4.23],
  ['resnext101_32x8d', 88_791_336, 16.414],
  ['resnext101_64x4d', 83_455_272, 15.46],
  ['wide_resnet50_2', 68_883_240, 11.398],
  ['wide_resnet101_2', 126_886_696, 22.753],
  ['resnet50_v1', 25_557_032],
  ['seresnet18', 11_779_624],
  ['seresnet34', 21_960_416],
  ['seresnet50', 28_088_024],
  ['seresnet101', 49_326_872],
  ['seresnet152', 66_821_848],
  ['resnet20', 269_722],
  ['resnet20_b', 272_474],
  ['resnet32', 464_154],
  ['resnet44', 658_586],
  ['resnet56', 853_018],
  ['resnet110', 1_727_962],
  ['resnet1202', 19_421_274],
  ['plain20', 269_722],
]

/** The biases of ResNet-20: 16 channels in the stem and 6 layers, 32 in 6 layers and 64 in 6 layers. */
const BIASES_20 = 16 * 7 + 32 * 6 + 64 * 6

describe('published numbers', () => {
  test.each(PUBLISHED)('%s has %d parameters', (name, params, gmacs) => {
    const summary = summarize(architecture(name))
    expect(summary.params).toBe(params)
    expect(summary.layers.reduce((sum, layer) => sum + layer.params, 0)).toBe(params)
    if (gmacs !== undefined) expect(Math.round(summary.macs / 1e6) / 1e3).toBe(gmacs)
  })

  test.each(['resnet20_nobn', 'plain20_nobn', 'resnet20_v2_nobn'])('%s has biases in place of gamma and beta', name => {
    const { params, layers } = summarize(architecture(name))
    expect(params).toBe(269_722 - BIASES_20)
    expect(layers.filter(layer => layer.operation === 'batchNorm')).toEqual([])
    expect(layers.find(layer => layer.name === 'layer2.0.conv1')!.params).toBe(32 * 16 * 9 + 32)
  })

  test('v1 strides earlier and therefore computes less than v1.5', () => {
    expect(Math.round(summarize(architecture('resnet50_v1')).macs / 1e7) / 1e2).toBe(3.86)
  })
})

describe('names', () => {
  test.each([
    ['resnet50', 'resnet50'],
    ['resnet50_b', 'resnet50'],
    ['resnet50_v1', 'resnet50_v1'],
    ['resnet50_v1_c', 'resnet50_c_v1'],
    ['resnet18_a', 'resnet18_a'],
    ['cifar_resnet20', 'resnet20'],
    ['resnet20_a', 'resnet20'],
    ['resnet110_b_v2', 'resnet110_b_v2'],
    ['resnet8', 'resnet8'],
    ['cifar_resnet50', 'cifar_resnet50'],
    ['cifar_resnet152_v2', 'cifar_resnet152_v2'],
    ['cifar_plain50', 'cifar_plain50'],
    ['plain44', 'plain44'],
    ['plain56_nobn', 'plain56_nobn'],
    ['resnet20_linear36_v2', 'resnet20_v2_linear36'],
    ['resnet50_nobn_v1_b', 'resnet50_v1_nobn'],
    ['resnet20_nobn_c_v2', 'resnet20_c_v2_nobn'],
  ])('%s is %s', (name, canonical) => {
    const arch = architecture(name)
    expect(arch.name).toBe(canonical)
    expect(architecture(canonical)).toEqual(arch)
  })

  test('depths 50 and 152 are ImageNet networks without the prefix cifar_', () => {
    expect(architecture('resnet50')).toMatchObject({ family: 'imagenet', layers: [3, 4, 6, 3], shortcut: 'B' })
    expect(architecture('cifar_resnet50')).toMatchObject({ family: 'cifar', layers: [8, 8, 8], shortcut: 'A' })
  })

  test('every listed name is its own canonical name', () => {
    expect(architectureNames().map(name => architecture(name).name)).toEqual(architectureNames())
  })

  test.each([
    [
      'resnet51',
      'unknown architecture "resnet51" (CIFAR networks have 6n+2 layers); the nearest names are resnet50, resnet56, resnet18',
    ],
    ['resnext50', 'unknown architecture "resnext50"; the nearest names are resnext50_32x4d, resnet50, resnet20'],
    ['vgg16', 'unknown architecture "vgg16"; the nearest names are plain18, plain56, resnet18'],
    ['', 'unknown architecture ""; the nearest names are resnet18, resnet34, resnet50'],
    [
      'cifar_resnet0',
      'unknown architecture "cifar_resnet0" (CIFAR networks have 6n+2 layers); the nearest names are cifar_resnet50, cifar_resnet152, cifar_plain50',
    ],
    ['resnet99992', 'unknown architecture "resnet99992"; the nearest names are resnet152, resnet32, resnet1202'],
    ['plain50', 'unknown architecture "plain50"; the nearest names are cifar_plain50, plain20, plain56'],
    [
      `resnet50${'_a'.repeat(50)}`,
      'unknown architecture "resnet50_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a..."; the nearest names are resnet50, resnext50_32x4d, resnet101',
    ],
    ['__proto__', 'unknown architecture "__proto__"; the nearest names are resnet18, resnet34, resnet50'],
    [
      'plain20_b',
      'plain20_b: a plain network has no shortcuts and takes no suffix but _nobn, _silu, _maxpool and _linear; write plain20',
    ],
    ['resnet20_linear3_linear4', 'resnet20: state one number of linear layers, not _linear3 and _linear4'],
    [
      'plain34_v2',
      'plain34_v2: a plain network has no shortcuts and takes no suffix but _nobn, _silu, _maxpool and _linear; write plain34',
    ],
    [
      'plain20_nobn_b',
      'plain20_b: a plain network has no shortcuts and takes no suffix but _nobn, _silu, _maxpool and _linear; write plain20',
    ],
    ['resnet18_v1', 'resnet18_v1: only bottleneck blocks have a v1 stride placement; write resnet18'],
    ['resnet20_v1', 'resnet20_v1: only bottleneck blocks have a v1 stride placement; write resnet20'],
    ['resnet20_a_b', 'resnet20: state one shortcut, not _a and _b'],
    ['resnet50_v1_v2', 'resnet50: state one version, not _v1 and _v2'],
  ])('%j is refused with a message of one line', (name, message) => {
    expect(() => architecture(name)).toThrow(expect.objectContaining({ name: 'ArchitectureError', message }))
  })
})

describe('layers', () => {
  test('a small network, layer by layer', () => {
    const { layers } = summarize(architecture('resnet8'), { classes: 7 })
    const rows = layers.map(({ name, operation, output, params, macs }) =>
      [name, operation, output.join('x'), params, macs].join(' '),
    )
    expect(rows).toEqual([
      'conv1 conv2d 1x32x32x16 432 442368',
      'bn1 batchNorm 1x32x32x16 32 0',
      'relu relu 1x32x32x16 0 0',
      'layer1.0.conv1 conv2d 1x32x32x16 2304 2359296',
      'layer1.0.bn1 batchNorm 1x32x32x16 32 0',
      'layer1.0.relu relu 1x32x32x16 0 0',
      'layer1.0.conv2 conv2d 1x32x32x16 2304 2359296',
      'layer1.0.bn2 batchNorm 1x32x32x16 32 0',
      'layer1.0.add add 1x32x32x16 0 0',
      'layer1.0.relu relu 1x32x32x16 0 0',
      'layer2.0.conv1 conv2d 1x16x16x32 4608 1179648',
      'layer2.0.bn1 batchNorm 1x16x16x32 64 0',
      'layer2.0.relu relu 1x16x16x32 0 0',
      'layer2.0.conv2 conv2d 1x16x16x32 9216 2359296',
      'layer2.0.bn2 batchNorm 1x16x16x32 64 0',
      'layer2.0.slice slice 1x16x16x16 0 0',
      'layer2.0.pad pad 1x16x16x32 0 0',
      'layer2.0.add add 1x16x16x32 0 0',
      'layer2.0.relu relu 1x16x16x32 0 0',
      'layer3.0.conv1 conv2d 1x8x8x64 18432 1179648',
      'layer3.0.bn1 batchNorm 1x8x8x64 128 0',
      'layer3.0.relu relu 1x8x8x64 0 0',
      'layer3.0.conv2 conv2d 1x8x8x64 36864 2359296',
      'layer3.0.bn2 batchNorm 1x8x8x64 128 0',
      'layer3.0.slice slice 1x8x8x32 0 0',
      'layer3.0.pad pad 1x8x8x64 0 0',
      'layer3.0.add add 1x8x8x64 0 0',
      'layer3.0.relu relu 1x8x8x64 0 0',
      'globalAvgPool globalAvgPool 1x64 0 0',
      'fc linear 1x7 455 448',
    ])
    expect(layers[0].activationBytes).toBe(4 * 32 * 32 * 16)
  })

  test('the input may have another size, and the smallest image works', () => {
    expect(summarize(architecture('resnet18'), { input: 64 }).layers.at(-3)?.output).toEqual([1, 2, 2, 512])
    expect(summarize(architecture('resnet18'), { input: 1 }).layers.at(-3)?.output).toEqual([1, 1, 1, 512])
  })

  test('a network without classes is refused', () => {
    expect(() => summarize(architecture('resnet8'), { classes: 0 })).toThrow(
      expect.objectContaining({ name: 'ShapeError', message: 'resnet8: got 0 classes, wanted at least 1' }),
    )
  })

  test('the embedding is the input of the classifier', () => {
    const images = input('images', [2, 224, 224, 3])
    const { logits, embedding } = resnet(architecture('wide_resnet50_2'), images, { classes: 5 })
    expect([logits.shape, embedding.shape]).toEqual([
      [2, 5],
      [2, 2048],
    ])
  })
})

describe('an unknown option is refused', () => {
  test.each([
    [
      'resnet',
      'classes, training, branchScale',
      () => resnet(architecture('resnet8'), input('x', [1, 32, 32, 3]), { clases: 3 } as object),
    ],
    ['summarize', 'input, classes', () => summarize(architecture('resnet8'), { size: 64 } as object)],
  ])('by %s', (name, known, call) => {
    expect(call).toThrow(new RegExp(`^${name}: got the unknown key "(clases|size)", wanted some of ${known}$`))
  })
})
