import { type Tensor, weightedSum } from '@residual/core'
import { type AdamOptions, adamMoments } from './adam.ts'
import { decayOf, memoize, type Optimizer, vector } from './optimizer.ts'

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019) as torch.optim.AdamW computes it. Weight decay is 0.01 and
 * epsilon 1e-8 unless stated. Its state is `mean.NAME` and `square.NAME` for every parameter.
 */
export function adamw(options: AdamOptions = {}): Optimizer {
  const { epsilon = 1e-8, weightDecay = 0.01 } = options
  return inputs => {
    const { parameters, learningRate, rate = () => 1 } = inputs
    const moments = adamMoments(inputs, { ...options, epsilon })
    const updates = new Map<Tensor<'parameter'>, Tensor>()
    const coefficients = memoize((factor, decay) => {
      const lr = learningRate.mul(factor)
      return vector(decay > 0 ? lr.mul(-decay).add(1) : 1, lr.neg())
    })
    for (const weight of parameters) {
      const { direction, updates: state } = moments.of(weight)
      const by = coefficients(rate(weight.attributes.name), decayOf(weight, { ...options, weightDecay }))
      for (const [mean, next] of state) updates.set(mean, next)
      updates.set(weight, weightedSum([weight, direction], by))
    }
    return { updates, state: moments.state, inputs: moments.inputs }
  }
}
