import { expect, test } from 'vitest'
import { expectCurve, formulaPictures, readCurve } from './curves.ts'

test.each([
  { build: 'simd128', threads: 2 },
  { build: 'relaxed', threads: 1 },
] as const)('a ResNet-20 has the losses of PyTorch for 200 steps, on $build', async options => {
  const curve = readCurve('formula')
  expect(curve.losses).toHaveLength(200)
  await expectCurve(curve, formulaPictures(curve.pictures), options)
})
