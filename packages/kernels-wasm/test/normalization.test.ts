import { describe, expect, test } from 'vitest'
import { planMoments, planNormalizeSums, supportedBuilds } from '../src/index.ts'
import { expectClose, runInstructions } from './run.ts'

const values = (count: number, seed: number, offset = 0) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + seed) + offset)

const mean = (of: readonly number[]) => of.reduce((a, b) => a + b, 0) / of.length

/** The values of one channel. */
const channelOf = (x: ArrayLike<number>, channel: number, channels: number) =>
  Array.from(x).filter((_, i) => i % channels === channel)

const epsilon = 1e-5

describe.each(supportedBuilds().flatMap(build => [1, 3].map(threads => ({ build, threads }))))(
  '$build on $threads threads',
  options => {
    test.each([
      [1, 1],
      [700, 3],
      [513, 16],
      [129, 130],
    ])('moments and gradients of [%i, %i]', async (rows, channels) => {
      const count = rows * channels
      const x = values(count, 1, 100)
      const dy = values(count, 2)
      const gamma = values(channels, 3)
      const beta = values(channels, 4)
      const residual = values(count, 5)

      const momentsPlan = planMoments({ rows, channels })
      const moments = await runInstructions(options, 2 * channels, (place, output) =>
        momentsPlan.run({ input: place(x), output, workspace: place(momentsPlan.workspaceFloats) }),
      )
      const means = Array.from({ length: channels }, (_, c) => mean(channelOf(x, c, channels)))
      const variances = means.map((m, c) => mean(channelOf(x, c, channels).map(value => (value - m) ** 2)))
      expectClose(moments, [...means, ...variances], 1e-6)

      const normalized = Array.from(x, (value, i) => {
        const c = i % channels
        return (value - means[c]) / Math.sqrt(variances[c] + epsilon)
      })
      const forward = normalized.map((value, i) =>
        Math.max(0, value * gamma[i % channels] + beta[i % channels] + residual[i]),
      )
      const y = await runInstructions(options, count, (place, output) => [
        {
          op: 'normalize',
          input: place(x),
          moments: place(moments),
          gamma: place(gamma),
          beta: place(beta),
          residual: place(residual),
          output,
          rows,
          channels,
          epsilon,
          activation: 'relu',
        },
      ])
      // Cancellation: the means are 100 times the deviations.
      expectClose(y, forward, 1e-4)

      const passed = Array.from(dy, (value, i) => (y[i] > 0 ? value : 0))
      const sum = (of: readonly number[], c: number) => mean(channelOf(of, c, channels)) * rows
      const both = [passed, passed.map((value, i) => value * normalized[i])]
      const wantSums = both.flatMap(of => means.map((_, c) => sum(of, c)))
      const plan = planNormalizeSums({ rows, channels })
      const sums = await runInstructions(options, 2 * channels, (place, output) =>
        plan.run({
          gradient: place(dy),
          input: place(x),
          moments: place(moments),
          gate: place(y),
          output,
          workspace: place(plan.workspaceFloats),
          epsilon,
        }),
      )
      expectClose(sums, wantSums, 2e-4)

      const wantGradient = passed.map((value, i) => {
        const c = i % channels
        const inner = value - wantSums[c] / rows - (normalized[i] * wantSums[channels + c]) / rows
        return (gamma[c] / Math.sqrt(variances[c] + epsilon)) * inner
      })
      const gradient = await runInstructions(options, count, (place, output) => [
        {
          op: 'normalizeGradient',
          gradient: place(dy),
          input: place(x),
          moments: place(moments),
          gamma: place(gamma),
          sums: place(sums),
          gate: place(y),
          output,
          rows,
          channels,
          epsilon,
        },
      ])
      expectClose(gradient, wantGradient, 1e-3)
    })

    test('weightedSum adds the terms that have an address', async () => {
      const sum = await runInstructions(options, 7, (place, output) => [
        {
          op: 'weightedSum',
          inputs: [place([1, 2, 3, 4, 5, 6, 7]), 0, place([10, 10, 10, 10, 10, 10, 10]), 0],
          weights: place([2, 9, -1, 9]),
          output,
          count: 7,
        },
      ])
      expect(Array.from(sum)).toEqual([-8, -6, -4, -2, 0, 2, 4])
    })

    test('pool2dGradient gives each window to its first maximum', async () => {
      const pool = { batch: 1, height: 2, width: 3, channels: 1, outputHeight: 1, outputWidth: 2 }
      const window = { kernel: [2, 2], stride: [1, 1], padding: [0, 0] }
      const run = (kind: 'max' | 'average') =>
        runInstructions(options, 6, (place, output) => [
          {
            op: 'pool2dGradient',
            kind,
            gradient: place([4, 8]),
            input: place([1, 5, 5, 5, 0, 0]),
            output,
            ...pool,
            ...window,
          },
        ])
      expect(Array.from(await run('max'))).toEqual([0, 12, 0, 0, 0, 0])
      expect(Array.from(await run('average'))).toEqual([1, 3, 2, 1, 3, 2])
    })
  },
)
