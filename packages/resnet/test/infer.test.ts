import { graphOf, input } from '@residual/core'
import { describe, expect, test } from 'vitest'
import { architecture, architectureNames } from '../src/architectures.ts'
import { inferArchitecture } from '../src/infer.ts'
import { resnet } from '../src/network.ts'

function shapesOf(name: string, classes?: number): Map<string, readonly number[]> {
  const arch = architecture(name)
  const { logits } = resnet(arch, input('images', [1, arch.inputSize, arch.inputSize, 3]), { classes })
  return new Map(graphOf([logits]).parameters.map(({ attributes, shape }) => [attributes.name, shape]))
}

const residual = architectureNames().filter(name => !name.startsWith('plain'))
const variants = [
  ...['resnet20_b', 'resnet20_c', 'resnet20_v2', 'resnet20_b_v2', 'resnet20_c_v2', 'resnet164_v2', 'cifar_resnet50'],
  ...[
    'resnet20_nobn',
    'resnet20_v2_linear5',
    'resnet20_b_nobn',
    'resnet20_c_nobn',
    'resnet18_a_nobn',
    'resnet50_nobn',
    'resnext50_32x4d_nobn',
  ],
  ...['seresnet20', 'seresnet20_b_v2', 'seresnet50_nobn', 'cifar_seresnet50'],
  ...['resnet18_a', 'resnet34_c', 'resnet18_v2', 'resnet50_a', 'resnet50_c', 'resnet50_v2', 'resnet101_c_v2'],
]

describe('inferArchitecture', () => {
  test.each([...residual, ...variants])('recognises %s by its parameters', name => {
    expect(inferArchitecture(shapesOf(name))).toEqual(architecture(name))
  })

  test.each([
    ['resnet56', 100],
    ['resnet50', 21_841],
  ])('takes the number of classes of %s from the classifier', (name, classes) => {
    expect(inferArchitecture(shapesOf(name, classes))).toEqual({ ...architecture(name), classes })
  })

  test.each([
    ['plain20', 'resnet20'],
    ['plain34', 'resnet34_a'],
    ['resnet50_v1', 'resnet50'],
    ['plain20_nobn', 'resnet20_nobn'],
    ['resnet20_v2_nobn', 'resnet20_nobn'],
    ['seresnet50_silu_maxpool', 'seresnet50'],
  ])('takes %s for %s, which has the same parameters', (name, inferred) => {
    expect(inferArchitecture(shapesOf(name)).name).toBe(inferred)
  })

  test.each<[what: string, change: (shapes: Map<string, readonly number[]>) => void, reason: string]>([
    ['no stem', shapes => shapes.delete('conv1.weight'), 'there is no conv1.weight of four axes'],
    ['no classifier', shapes => shapes.delete('fc.weight'), 'there is no fc.weight of two axes'],
    [
      'one block too many',
      shapes => shapes.set('layer2.3.conv1.weight', [32, 32, 3, 3]),
      'no known architecture has basic blocks in stages of [3, 4, 3]',
    ],
    [
      'a distant stage',
      shapes => shapes.set('layer9.0.conv1.weight', [1, 1, 3, 3]),
      'no known architecture has basic blocks in stages of [3, 3, 3, 0, 0, 0, 0, 0, 1]',
    ],
    [
      'a wide stem',
      shapes => shapes.set('conv1.weight', [64, 3, 3, 3]),
      'no known architecture has basic blocks in stages of [3, 3, 3]',
    ],
    [
      'a key that no network has',
      shapes => shapes.set('layer1.0.eca.conv.weight', [1, 1, 3]),
      'the nearest is resnet20, with 1 unexpected ("layer1.0.eca.conv.weight")',
    ],
    [
      'a missing batch norm',
      shapes => shapes.delete('layer2.1.bn2.running_mean'),
      'the nearest is resnet20, with 1 missing ("layer2.1.bn2.running_mean")',
    ],
    [
      'wider blocks',
      shapes => shapes.set('layer1.0.conv2.weight', [24, 16, 3, 3]),
      'the nearest is resnet20, with 1 of another shape ("layer1.0.conv2.weight" is [24,16,3,3], not [16,16,3,3])',
    ],
    [
      'a projection in one of two places',
      shapes => shapes.set('layer2.0.downsample.0.weight', [32, 16, 1, 1]),
      'the nearest is resnet20_b, with 9 missing ("layer2.0.downsample.1.weight", "layer2.0.downsample.1.bias", "layer2.0.downsample.1.running_mean" and 6 more)',
    ],
  ])('gives the reason for %s', (_, change, reason) => {
    const shapes = shapesOf('resnet20')
    change(shapes)
    const message = `cannot tell the architecture from the weights: ${reason}; state it with --arch`
    expect(() => inferArchitecture(shapes)).toThrow(expect.objectContaining({ name: 'ArchitectureError', message }))
  })
})
