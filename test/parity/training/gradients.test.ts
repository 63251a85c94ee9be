import { describe, test } from 'vitest'
import { expectGradients } from './gradients.ts'

/** One network of each kind; gradients.data.test.ts has all, on both builds. */
describe.each([
  {
    build: 'simd128',
    threads: 1,
    names: ['resnet20', 'plain20', 'resnet20_v2', 'seresnet20', 'resnet20_silu', 'resnet18', 'resnet50'],
  },
  {
    build: 'relaxed',
    threads: 2,
    names: ['resnet20', 'resnet20_b', 'resnet20_b_v2', 'resnet20_maxpool', 'resnext50_32x4d'],
  },
] as const)('build $build, threads: $threads', ({ names, ...options }) => {
  test.each(names)('%s has the same loss, gradients and running statistics as PyTorch', name =>
    expectGradients(name, options),
  )
})
