import { test } from 'vitest'
import { expectOverfit } from './overfit.ts'
import { noise } from './training.ts'

test('a ResNet-20 learns ten images of noise by heart', async () => {
  const labels = Uint8Array.of(3, 1, 4, 1, 5, 9, 2, 6, 5, 0)
  await expectOverfit({ images: noise('by heart', labels.length, 16), labels }, { threads: 2 })
})
