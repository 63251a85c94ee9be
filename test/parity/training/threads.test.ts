import { type Architecture, architecture } from '@residual/resnet'
import { describe, expect, test } from 'vitest'
import { compileTraining, noise, oneHot } from './training.ts'

const STEPS = 5

/** The losses of a few steps, and the state after them: weights, running statistics and momentum. */
async function stateAfterSteps(arch: Architecture, batch: number, side: number, threads: number, build: Build) {
  using program = await compileTraining(arch, { batch, side, weightDecay: 5e-4, threads, build })
  const targets = oneHot(
    Array.from({ length: batch }, (_, i) => i % arch.classes),
    arch.classes,
  )
  const losses: number[] = []
  for (let step = 0; step < STEPS; step++) {
    const images = noise(`images ${step}`, batch, side)
    const { loss } = await program.run({ images, targets, learningRate: Float32Array.of(0.05) })
    losses.push(loss[0])
  }
  return { losses, state: await program.read() }
}

type Build = 'simd128' | 'relaxed'

/** A narrow network with one block per stage. */
const short = (name: string): Architecture => {
  const arch = architecture(name)
  const scale = Math.min(1, 32 / arch.stem.width)
  const stem = { ...arch.stem, width: scale * arch.stem.width }
  return {
    ...arch,
    stem,
    layers: arch.layers.map(() => 1),
    widths: arch.widths.map(width => scale * width),
    classes: 10,
  }
}

const networks = [
  { name: 'resnet20', arch: architecture('resnet20'), batch: 8, side: 32 },
  { name: 'a short resnet20_b_v2 of odd sizes', arch: short('resnet20_b_v2'), batch: 3, side: 19 },
  { name: 'a short resnet18', arch: short('resnet18'), batch: 4, side: 40 },
  { name: 'a short resnext50_32x4d', arch: short('resnext50_32x4d'), batch: 4, side: 40 },
]

describe.each<Build>(['simd128', 'relaxed'])('on %s', build => {
  test.each(networks)('$name has the same bits after five steps on 1, 2 and 3 threads', async network => {
    const { arch, batch, side } = network
    const single = await stateAfterSteps(arch, batch, side, 1, build)
    for (const value of single.losses) expect(Number.isFinite(value)).toBe(true)
    for (const threads of [2, 3]) {
      const { losses, state } = await stateAfterSteps(arch, batch, side, threads, build)
      expect(losses).toEqual(single.losses)
      const differing = [...state].filter(([name, values]) => !sameBits(values, single.state.get(name)!))
      expect(differing.map(([name]) => name)).toEqual([])
    }
  })
})

const sameBits = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength))
