import { type CompileOptions, compile } from '@residual/core'
import { architecture } from '@residual/resnet'
import { expect } from 'vitest'
import { formulaWeights, numbers } from '../formula.ts'
import { noise, oneHot, readGolden, trainedNetwork } from './training.ts'

/** A digest of a tensor: its length, a projection in which every element counts, and four of its values. */
type Digest = readonly [length: number, projection: number, ...values: number[]]

/** A golden of gradients.py. */
interface Golden {
  readonly batch: number
  readonly side: number
  readonly beta: number
  readonly labelSmoothing: number
  /** In double precision, like the digests. */
  readonly loss: number
  readonly gradients: Readonly<Record<string, Digest>>
  readonly statistics: Readonly<Record<string, Digest>>
}

/**
 * The largest differences that count as rounding, relative to a tensor's length. PyTorch in single precision differs
 * from the goldens by up to 3.1e-4 (gradients), 2.0e-6 (statistics) and 1.4e-7 (loss), as their `float32` shows; the
 * kernels, with Winograd's transforms, by up to 4.2e-4, 7.6e-6 and 5.8e-7.
 */
const TOLERANCE = { gradients: 1e-3, statistics: 2e-5, loss: 2e-6 }

/** The largest difference, relative to what is usual for each number at the tensor's length. */
function deviation(name: string, [length, projection, ...values]: Digest, got: Float32Array): number {
  const along = numbers(name, got.length, 0, 1)
  const scale = length / Math.sqrt(got.length)
  let [squares, product] = [0, 0]
  for (let i = 0; i < got.length; i++) {
    squares += got[i] ** 2
    product += got[i] * along[i]
  }
  return Math.max(
    Math.abs(Math.sqrt(squares) - length) / length,
    Math.abs(product - projection) / (length / Math.sqrt(3)),
    ...values.map((value, k) => {
      const at = Math.floor(((2 * k + 1) * got.length) / 8)
      return Math.abs(got[at] - value) / Math.max(Math.abs(value), scale)
    }),
  )
}

/** Does one step with the weights of the formula, and compares loss, gradients and running statistics with PyTorch. */
export async function expectGradients(name: string, options: CompileOptions): Promise<void> {
  const golden = readGolden<Golden>(`gradients/${name}`)
  const arch = architecture(name)
  const { loss, learned, parameters, gradients, updates } = trainedNetwork(arch, golden)
  expect(learned.map(({ attributes }) => attributes.name).sort()).toEqual(Object.keys(golden.gradients).sort())
  const ofParameters = Object.fromEntries(learned.map(({ attributes }, i) => [attributes.name, gradients[i]]))
  using program = await compile(
    { outputs: { loss, ...ofParameters }, parameters: formulaWeights(parameters, 1, golden.beta), updates },
    options,
  )
  const labels = Array.from({ length: golden.batch }, (_, i) => (i * 37 + 5) % arch.classes)
  const images = noise('images', golden.batch, golden.side)
  const results = await program.run({ images, targets: oneHot(labels, arch.classes) })
  const statistics = await program.read()

  expect(Math.abs(results.loss[0] / golden.loss - 1)).toBeLessThan(TOLERANCE.loss)
  const tooFar = (kind: 'gradients' | 'statistics', of: (parameter: string) => Float32Array) =>
    Object.entries(golden[kind])
      .map(([parameter, digest]) => [parameter, deviation(parameter, digest, of(parameter))] as const)
      .filter(([, difference]) => !(difference < TOLERANCE[kind]))
  expect(tooFar('gradients', parameter => results[parameter] as Float32Array)).toEqual([])
  expect([...statistics.keys()].sort()).toEqual(Object.keys(golden.statistics).sort())
  expect(tooFar('statistics', parameter => statistics.get(parameter)!)).toEqual([])
}
