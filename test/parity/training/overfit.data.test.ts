import { test } from 'vitest'
import { cifarImages } from './cifar.ts'
import { expectOverfit } from './overfit.ts'

test.each(['simd128', 'relaxed'] as const)('a ResNet-20 learns ten images of CIFAR-10 by heart on %s', async build =>
  expectOverfit(await cifarImages(10), { build, threads: 2 }),
)
