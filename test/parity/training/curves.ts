import type { CompileOptions } from '@residual/core'
import { architecture } from '@residual/resnet'
import type { Batch } from '@residual/vision'
import { expect } from 'vitest'
import { numbers } from '../formula.ts'
import { compileTraining, oneHot, readGolden } from './training.ts'

/** A golden of curves.py. */
export interface Curve {
  readonly batch: number
  readonly images: number
  /** Learning rate after the warm-up, which takes `warmUp` steps. */
  readonly rate: number
  readonly warmUp: number
  readonly weightDecay: number
  /** The loss of each step, in double precision. */
  readonly losses: readonly number[]
  /** The largest distance of PyTorch's own runs in single precision from the losses, in the 25 steps up to each. */
  readonly drift: readonly number[]
}

export const readCurve = (name: string): Curve => readGolden<Curve>(`curves/${name}`)

/**
 * How many times PyTorch's drift a loss may be off. Rounding makes any two runs in single precision drift apart at
 * about the same speed, though not at the same steps: the kernels' drift was at most 1.5 times PyTorch's.
 */
const SLACK = 3
/** How much the first losses may differ, before anything has drifted. */
const FIRST = 2e-6

/** Trains a ResNet-20 as curves.py does and compares the loss of each step. */
export async function expectCurve(curve: Curve, { images, labels }: Batch, options: CompileOptions): Promise<void> {
  const { batch, images: count, rate, warmUp, weightDecay } = curve
  const side = Math.sqrt(images.length / count / 3)
  using program = await compileTraining(architecture('resnet20'), { batch, side, weightDecay, ...options })
  const targets = oneHot(labels, 10)
  const losses: number[] = []
  for (let step = 0; step < curve.losses.length; step++) {
    const from = (step * batch) % count
    const of = (values: Float32Array) => {
      const size = values.length / count
      return values.subarray(from * size, (from + batch) * size)
    }
    const learningRate = Float32Array.of(rate * Math.min(1, (step + 1) / warmUp))
    const { loss } = await program.run({ images: of(images), targets: of(targets), learningRate })
    losses.push(loss[0])
  }
  const tooFar = losses.flatMap((loss, step) => {
    const difference = Math.abs(loss - curve.losses[step])
    return difference <= SLACK * curve.drift[step] + FIRST ? [] : [{ step, loss, difference, drift: curve.drift[step] }]
  })
  expect(tooFar).toEqual([])
}

/** Noise plus half of a pattern of the class, `[n, 16, 16, 3]`; curves.py makes the same. */
export function formulaImages(count: number): Batch {
  const size = 16 * 16 * 3
  const labels = Uint8Array.from({ length: count }, (_, i) => (i * 7) % 10)
  const patterns = Array.from({ length: 10 }, (_, label) => numbers(`class ${label}`, size, 0, 1))
  const images = new Float32Array(count * size)
  labels.forEach((label, i) => {
    const pattern = patterns[label]
    images.set(
      numbers(`picture ${i}`, size, 0, 1).map((value, k) => value + pattern[k] / 2),
      i * size,
    )
  })
  return { images, labels }
}
