import { describe, test } from 'vitest'
import { expectGradients } from './gradients.ts'
import { goldensIn } from './training.ts'

describe.each(['simd128', 'relaxed'] as const)('build %s', build => {
  test.each(goldensIn('gradients'))('%s gives the loss, gradients and running statistics of PyTorch', name =>
    expectGradients(name, { build, threads: 2 }),
  )
})
