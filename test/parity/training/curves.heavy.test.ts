import { expect, test } from 'vitest'
import { expectCurve, formulaImages, readCurve } from './curves.ts'

test('a ResNet-20 has the same losses as in PyTorch for 200 steps', async () => {
  const curve = readCurve('formula')
  expect(curve.losses).toHaveLength(200)
  await expectCurve(curve, formulaImages(curve.images), { threads: 2 })
})
