import { parameter, type Tensor, weightedSum } from '@residual/core'
import { type DecayOptions, decayOf, memoize, type Optimizer, zerosLike } from './optimizer.ts'

export interface SgdOptions extends DecayOptions {
  /** Default 0. */
  readonly momentum?: number
  /** Look ahead by the momentum (Sutskever et al. 2013), default false. */
  readonly nesterov?: boolean
  /**
   * Take weight decay off the weights by itself (Loshchilov and Hutter 2019) rather than adding it to the gradient and so
   * to the momentum; default false, as in PyTorch.
   */
  readonly decoupled?: boolean
}

/**
 * Stochastic gradient descent as torch.optim.SGD computes it: `v = momentum * v + g`, `w = w - rate * v`, where `g` is
 * the gradient with the weight decay. The first `v` is the first gradient. Its state is `momentum.NAME` for every parameter.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { momentum = 0, nesterov = false, decoupled = false } = options
  return ({ parameters, gradients, learningRate, scale = 1, rate = () => 1 }) => {
    const updates = new Map<Tensor<'parameter'>, Tensor>()
    const state = new Map<string, Float32Array>()
    const coefficients = memoize((factor, decay) => {
      const lr = learningRate.mul(factor)
      return {
        decayed: lr.mul(-decay).add(1),
        gradient: lr.neg().mul(scale),
        velocity: nesterov ? lr.mul(-momentum) : lr.neg(),
      }
    })
    parameters.forEach((weight, i) => {
      const { name } = weight.attributes
      const decay = decayOf(weight, options)
      const { decayed, gradient, velocity } = coefficients(rate(name), decay)
      const terms: [Tensor, Tensor | number][] = []
      const keepsDecay = decoupled || nesterov || momentum === 0
      terms.push([weight, decay > 0 && keepsDecay ? decayed : 1])
      if (nesterov || momentum === 0) terms.push([gradients[i], gradient])
      if (momentum > 0) {
        const last = parameter(`momentum.${name}`, weight.shape, { trainable: false })
        const isCoupled = decay > 0 && !decoupled
        const next = isCoupled
          ? weightedSum([last, gradients[i], weight], [momentum, scale, decay])
          : weightedSum([last, gradients[i]], [momentum, scale])
        updates.set(last, next)
        state.set(last.attributes.name, zerosLike(weight))
        terms.push([next, velocity])
      }
      updates.set(
        weight,
        weightedSum(
          terms.map(([tensor]) => tensor),
          terms.map(([, factor]) => factor),
        ),
      )
    })
    return { updates, state, inputs: () => ({}) }
  }
}
