import { parameter, type Tensor, weightedSum } from '@residual/core'
import { type DecayOptions, decayOf, memoize, type Optimizer, vector, zerosLike } from './optimizer.ts'

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
      const kept = decay > 0 ? lr.mul(-decay).add(1) : 1
      const slope = lr.neg().mul(scale)
      return {
        velocity: decay > 0 && !decoupled ? vector(momentum, scale, decay) : vector(momentum, scale),
        plain: vector(kept, slope),
        nesterov: vector(kept, slope, lr.mul(-momentum)),
        heavy: vector(decoupled ? kept : 1, lr.neg()),
      }
    })
    parameters.forEach((weight, i) => {
      const { name } = weight.attributes
      const decay = decayOf(weight, options)
      const by = coefficients(rate(name), decay)
      const gradient = gradients[i]
      if (momentum === 0) {
        updates.set(weight, weightedSum([weight, gradient], by.plain))
        return
      }
      const last = parameter(`momentum.${name}`, weight.shape, { trainable: false })
      const isCoupled = decay > 0 && !decoupled
      const next = weightedSum(isCoupled ? [last, gradient, weight] : [last, gradient], by.velocity)
      updates.set(last, next)
      updates.set(
        weight,
        nesterov ? weightedSum([weight, gradient, next], by.nesterov) : weightedSum([weight, next], by.heavy),
      )
      state.set(last.attributes.name, zerosLike(weight))
    })
    return { updates, state, inputs: () => ({}) }
  }
}
