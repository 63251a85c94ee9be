import { describe, test } from 'vitest'
import { expectGradients } from './gradients.ts'
import { goldensIn } from './training.ts'

describe.each(['simd128', 'relaxed'] as const)('build %s', build => {
  test.each(goldensIn('gradients'))('%s has the same loss, gradients and running statistics as PyTorch', name =>
    expectGradients(name, { build, threads: 2 }),
  )
})
