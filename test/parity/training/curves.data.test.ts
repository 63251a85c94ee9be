import { expect, test } from 'vitest'
import { cifarImages } from './cifar.ts'
import { expectCurve, readCurve } from './curves.ts'

test.each(['simd128', 'relaxed'] as const)(
  'on CIFAR-10, a ResNet-20 has the same losses as in PyTorch for 200 steps, on %s',
  async build => {
    const curve = readCurve('cifar10')
    expect(curve.losses).toHaveLength(200)
    await expectCurve(curve, await cifarImages(curve.images), { build, threads: 2 })
  },
)
