import { readFloat32, type Weight } from '@residual/core'
import { describe, expect, test } from 'vitest'
import { matchParameters, normalizeKeys } from '../../src/weights/index.ts'

const tensorsOf = (shapes: Record<string, number[]>): Map<string, Weight<Uint8Array>> =>
  new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const bytes = new Uint8Array(4 * shape.reduce((a, b) => a * b, 1))
      return [name, { dtype: 'F32', shape, bytes }]
    }),
  )
const normalized = (keys: string[]) => [
  ...normalizeKeys(tensorsOf(Object.fromEntries(keys.map(key => [key, []])))).keys(),
]

describe('normalizeKeys', () => {
  test.each<[what: string, keys: string[], names: string[]]>([
    [
      'torchvision and timm',
      ['conv1.weight', 'layer1.0.downsample.0.weight', 'fc.bias'],
      ['conv1.weight', 'layer1.0.downsample.0.weight', 'fc.bias'],
    ],
    [
      'CIFAR repositories',
      ['module.layer2.0.shortcut.0.weight', 'module.layer2.0.shortcut.1.running_mean', 'module.linear.weight'],
      ['layer2.0.downsample.0.weight', 'layer2.0.downsample.1.running_mean', 'fc.weight'],
    ],
    [
      'transformers',
      [
        'resnet.embedder.embedder.convolution.weight',
        'resnet.embedder.embedder.normalization.running_var',
        'resnet.encoder.stages.0.layers.1.layer.2.convolution.weight',
        'resnet.encoder.stages.3.layers.0.layer.0.normalization.bias',
        'resnet.encoder.stages.1.layers.0.shortcut.convolution.weight',
        'resnet.encoder.stages.1.layers.0.shortcut.normalization.weight',
        'classifier.1.weight',
      ],
      [
        'conv1.weight',
        'bn1.running_var',
        'layer1.1.conv3.weight',
        'layer4.0.bn1.bias',
        'layer2.0.downsample.0.weight',
        'layer2.0.downsample.1.weight',
        'fc.weight',
      ],
    ],
    [
      'transformers without a head',
      ['embedder.embedder.convolution.weight', 'encoder.stages.0.layers.0.layer.0.normalization.weight'],
      ['conv1.weight', 'layer1.0.bn1.weight'],
    ],
    ['nested wrappers', ['module._orig_mod.model.module.conv1.weight'], ['conv1.weight']],
    [
      'a prefix that not every key has',
      ['module.conv1.weight', 'conv1.weight'],
      ['module.conv1.weight', 'conv1.weight'],
    ],
    [
      'counters',
      ['n_averaged', 'module.bn1.num_batches_tracked', 'module.bn1.weight', 'module.num_batches_tracked'],
      ['bn1.weight'],
    ],
    [
      'unknown names',
      ['layer1.0.se.fc1.weight', 'head.linear.weight', 'shortcut.0.weight'],
      ['layer1.0.se.fc1.weight', 'head.linear.weight', 'shortcut.0.weight'],
    ],
    ['nothing', [], []],
  ])('%s', (_, keys, names) => {
    expect(normalized(keys)).toEqual(names)
    expect(normalized(names)).toEqual(names)
  })

  test('refuses two tensors with the same name', () => {
    expect(() => normalized(['fc.weight', 'linear.weight'])).toThrow(
      expect.objectContaining({ name: 'FormatError', message: 'two of the tensors would be named "fc.weight"' }),
    )
  })
})

describe('matchParameters', () => {
  const expected = new Map([
    ['conv1.weight', [2, 3, 1, 1]],
    ['fc.weight', [4, 2]],
    ['fc.bias', [4]],
  ])

  test('gives every parameter its values, in the order of the network', async () => {
    const tensors = tensorsOf({ 'fc.bias': [4], 'fc.weight': [4, 2], 'conv1.weight': [2, 3, 1, 1] })
    const { buffer } = tensors.get('fc.bias')!.bytes
    new Float32Array(buffer).set([1, 2, 3, 4])
    const parameters = matchParameters(expected, tensors)
    expect([...parameters.keys()]).toEqual([...expected.keys()])
    const bias = await readFloat32(parameters.get('fc.bias')!)
    expect(bias).toEqual(Float32Array.of(1, 2, 3, 4))
    expect(bias.buffer).toBe(buffer)
  })

  test.each<[what: string, shapes: Record<string, number[]>, message: string]>([
    ['missing', { 'conv1.weight': [2, 3, 1, 1] }, '2 missing ("fc.weight", "fc.bias")'],
    [
      'unexpected',
      { 'conv1.weight': [2, 3, 1, 1], 'fc.weight': [4, 2], 'fc.bias': [4], a: [], b: [], c: [], d: [], 'e\n': [] },
      '5 unexpected ("a", "b", "c" and 2 more)',
    ],
    [
      'missing, unexpected and of another shape',
      { 'conv1.weight': [2, 3, 3, 3], 'fc.weight': [8], x: [1] },
      '1 missing ("fc.bias"); 1 unexpected ("x"); 2 of another shape ("conv1.weight" is [2,3,3,3], not [2,3,1,1], "fc.weight" is [8], not [4,2])',
    ],
  ])('reports keys that are %s', (_, shapes, message) => {
    expect(() => matchParameters(expected, tensorsOf(shapes))).toThrow(
      expect.objectContaining({ name: 'ParameterError', message: `the weights do not fit the network: ${message}` }),
    )
  })
})
