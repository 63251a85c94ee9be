import { ShapeError } from '../../errors.ts'
import { noMacs, notDifferentiable, type Operation, ordinary } from '../../graph/operation.ts'
import { Tensor } from '../../graph/tensor.ts'
import { formatShape, sameShape } from '../../shape.ts'
import { concat } from '../concat.ts'
import type { Activation } from '../epilogue.ts'
import { checkMoments, checkPerChannel } from './checks.ts'
import { normalizeGradient, normalizeSums } from './gradients.ts'

/** Inputs: x `[..., c]`, moments `[2, c]`, gamma `[c]`, beta `[c]`, then the residual of x's shape, if any. */
export interface NormalizeAttributes {
  readonly epsilon: number
  /** The last input is added before the activation. */
  readonly residual: boolean
  readonly activation: Activation
}

const normalizeOperation: Operation<'normalize'> = {
  name: 'normalize',
  shape([x, moments, gamma, beta, ...residual], { epsilon, residual: hasResidual }) {
    checkPerChannel('normalize', [x, gamma, beta], ['gamma', 'beta'])
    checkMoments('normalize', x, moments)
    if (!(epsilon >= 0)) throw new ShapeError(`normalize: got epsilon ${epsilon}, wanted a number of at least 0`)
    if (residual.length !== Number(hasResidual)) {
      throw new ShapeError(`normalize: got ${4 + residual.length} inputs, wanted ${4 + Number(hasResidual)}`)
    }
    if (hasResidual && !sameShape(residual[0], x)) {
      throw new ShapeError(`normalize: got residual ${formatShape(residual[0])}, wanted ${formatShape(x)}`)
    }
    return x
  },
  traits: { ...ordinary, elementwise: [0, 4] },
  macs: noMacs,
  gradient([x, moments, gamma], _, gradient, { epsilon, residual, activation }) {
    if (residual || activation !== 'none') return notDifferentiable()
    const channels = gamma.shape[0]
    const row = (tensor: Tensor, i: number) => tensor.slice([i, 0], [i + 1, channels]).reshape([channels])
    const sums = normalizeSums(gradient, x, moments, { epsilon })
    const [ofBeta, ofGamma] = [row(sums, 0), row(sums, 1)]
    // The usual case: the moments are computed from x itself, and the kernel includes the gradient through them.
    if (moments.is('moments') && moments.inputs[0] === x) {
      return [normalizeGradient(gradient, x, moments, gamma, sums, { epsilon }), undefined, ofGamma, ofBeta]
    }
    const inverse = row(moments, 1).add(epsilon).sqrt().reciprocal()
    const ofMean = ofBeta.mul(gamma).mul(inverse).neg()
    const ofVariance = ofGamma.mul(gamma).mul(inverse.square()).mul(-0.5)
    const ofMoments = concatRows(ofMean, ofVariance)
    return [gradient.mul(gamma.mul(inverse)), ofMoments, ofGamma, ofBeta]
  },
  reference([x, moments, gamma, beta, residual], output, { epsilon, activation }) {
    const channels = gamma.data.length
    for (let i = 0; i < x.data.length; i++) {
      const c = i % channels
      const normalized = (x.data[i] - moments.data[c]) / Math.sqrt(moments.data[channels + c] + epsilon)
      const value = normalized * gamma.data[c] + beta.data[c] + (residual ? residual.data[i] : 0)
      output.data[i] = activation === 'relu' ? Math.max(value, 0) : value
    }
  },
}

function concatRows(first: Tensor, second: Tensor): Tensor {
  const channels = first.shape[0]
  return concat([first.reshape([1, channels]), second.reshape([1, channels])], 0)
}

export interface NormalizeOptions {
  /** `[c]`, the learned scale. */
  readonly gamma: Tensor
  /** `[c]`, the learned shift. */
  readonly beta: Tensor
  /** Added to the variance; default 1e-5. */
  readonly epsilon?: number
}

/**
 * Computes `(x - mean) / sqrt(variance + epsilon) * gamma + beta` per channel. If the moments are `moments(x)`, this is
 * batch normalisation as in training (Ioffe and Szegedy 2015), and the gradient also flows through the moments.
 * @param x `[..., c]`
 * @param moments `[2, c]`, means and variances
 * @throws ShapeError when the moments are not `[2, c]`, gamma or beta is not `[c]`, or epsilon is negative.
 */
export function normalize(x: Tensor, moments: Tensor, options: NormalizeOptions): Tensor<'normalize'> {
  const { gamma, beta, epsilon = 1e-5 } = options
  return new Tensor(normalizeOperation, [x, moments, gamma, beta], { epsilon, residual: false, activation: 'none' })
}
