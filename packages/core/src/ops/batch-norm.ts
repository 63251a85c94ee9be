import { ShapeError } from '../errors.ts'
import { noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { checkPerChannel } from './normalize/checks.ts'

/** Inputs: x `[..., c]`, then gamma, beta, mean and variance, each `[c]`. */
export interface BatchNormAttributes {
  readonly epsilon: number
}

const batchNormOperation: Operation<'batchNorm'> = {
  name: 'batchNorm',
  shape(inputs, { epsilon }) {
    checkPerChannel('batchNorm', inputs, ['gamma', 'beta', 'mean', 'variance'])
    if (!(epsilon >= 0)) throw new ShapeError(`batchNorm: got epsilon ${epsilon}, wanted a number of at least 0`)
    return inputs[0]
  },
  traits: ordinary,
  macs: noMacs,
  gradient([x, gamma, , mean, variance], _, gradient, { epsilon }) {
    const inverse = variance.add(epsilon).sqrt().reciprocal()
    const normalized = x.sub(mean).mul(inverse)
    const axes = x.shape.slice(1).map((_, axis) => axis)
    const [ofBeta, ofGamma] = [gradient.sum(axes), gradient.mul(normalized).sum(axes)]
    return [
      gradient.mul(gamma.mul(inverse)),
      ofGamma,
      ofBeta,
      ofBeta.mul(gamma).mul(inverse).neg(),
      ofGamma.mul(gamma).mul(inverse.square()).mul(-0.5),
    ]
  },
  reference([x, gamma, beta, mean, variance], output, { epsilon }) {
    const channels = gamma.data.length
    for (let i = 0; i < x.data.length; i++) {
      const c = i % channels
      const normalized = (x.data[i] - mean.data[c]) / Math.sqrt(variance.data[c] + epsilon)
      output.data[i] = normalized * gamma.data[c] + beta.data[c]
    }
  },
}

export interface BatchNormOptions {
  /** `[c]`, the learned scale. */
  readonly gamma: Tensor
  /** `[c]`, the learned shift. */
  readonly beta: Tensor
  /** `[c]`, the running mean. */
  readonly mean: Tensor
  /** `[c]`, the running variance. */
  readonly variance: Tensor
  /** Added to the variance; default 1e-5. */
  readonly epsilon?: number
}

/**
 * Batch normalisation with given statistics, `(x - mean) / sqrt(variance + epsilon) * gamma + beta` per channel
 * (Ioffe and Szegedy 2015, the form used in inference).
 * @param x `[..., c]`
 * @throws ShapeError when gamma, beta, mean or variance is not `[c]`, or epsilon is negative.
 */
export function batchNorm(x: Tensor, options: BatchNormOptions): Tensor<'batchNorm'> {
  const { gamma, beta, mean, variance, epsilon = 1e-5 } = options
  return new Tensor(batchNormOperation, [x, gamma, beta, mean, variance], { epsilon })
}
