import { type CompileOptions, compile, input } from '@residual/core'
import { architecture, resnet } from '@residual/resnet'
import type { Batch } from '@residual/vision'
import { expect } from 'vitest'
import { compileTraining, oneHot } from './training.ts'

/** Enough for running statistics to follow: each step leaves nine tenths of the difference. */
const STEPS = 100

/** Trains a ResNet-20 on a few images, and expects it to classify them all correctly in inference. */
export async function expectOverfit({ images, labels }: Batch, options: CompileOptions): Promise<void> {
  const batch = labels.length
  const side = Math.sqrt(images.length / batch / 3)
  const arch = architecture('resnet20')
  using training = await compileTraining(arch, { batch, side, weightDecay: 5e-4, ...options })
  const inputs = { images, targets: oneHot(labels, arch.classes), learningRate: Float32Array.of(0.02) }
  for (let step = 0; step < STEPS; step++) await training.run(inputs)

  const predictions = resnet(arch, input('images', [batch, side, side, 3])).logits.argmax()
  using inference = await compile({ outputs: { predictions }, parameters: await training.read() }, options)
  const results = await inference.run({ images })
  expect([...results.predictions]).toEqual([...labels])
}
