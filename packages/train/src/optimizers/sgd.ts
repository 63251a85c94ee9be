import { parameter, type Tensor, weightedSum } from '@residual/core'
import { boolean, type Input, type Output, options } from '@residual/core/schema'
import { common, decayOf, memoize, type Optimizer, optimizer, vector, zerosLike } from './optimizer.ts'

const declared = options({
  momentum: common.momentum,
  nesterov: boolean.default(false).help('look ahead by the momentum (Sutskever et al. 2013)'),
  weightDecay: common.weightDecay.default(1e-4),
  decoupled: boolean
    .default(false)
    .help('subtract weight decay from the weights (Loshchilov and Hutter 2019) instead of adding it to the gradient'),
  decayNorms: common.decayNorms,
})

export interface SgdOptions extends Input<typeof declared> {}

/**
 * Stochastic gradient descent, computed as torch.optim.SGD does: `v = momentum * v + g`, `w = w - rate * v`, where `g`
 * is the gradient plus the weight decay. The first `v` is the first gradient. Its state is `momentum.NAME` for every
 * parameter.
 */
export const sgd = optimizer({ name: 'sgd', options: declared, make: descent })

function descent(settings: Output<typeof declared>): Optimizer {
  const { momentum, nesterov, decoupled } = settings
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
      const decay = decayOf(weight, settings)
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
