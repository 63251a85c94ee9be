import { type Tensor, weightedSum } from '@residual/core'
import { type Input, type Output, options } from '@residual/core/schema'
import { adamMoments, moments } from './adam.ts'
import { common, decayOf, memoize, type Optimizer, optimizer, vector } from './optimizer.ts'

const declared = options({
  ...moments,
  epsilon: moments.epsilon.default(1e-8),
  decayNorms: common.decayNorms,
})

export interface AdamOptions extends Input<typeof declared> {}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), computed as torch.optim.AdamW does. Its state is
 * `mean.NAME` and `square.NAME` for every parameter.
 */
export const adamw = optimizer({ name: 'adamw', options: declared, make: decayedAdam })

function decayedAdam(settings: Output<typeof declared>): Optimizer {
  return inputs => {
    const { parameters, learningRate, rate = () => 1 } = inputs
    const means = adamMoments(inputs, settings)
    const updates = new Map<Tensor<'parameter'>, Tensor>()
    const coefficients = memoize((factor, decay) => {
      const lr = learningRate.mul(factor)
      return vector(decay > 0 ? lr.mul(-decay).add(1) : 1, lr.neg())
    })
    for (const weight of parameters) {
      const { direction, updates: state } = means.of(weight)
      const by = coefficients(rate(weight.attributes.name), decayOf(weight, settings))
      for (const [mean, next] of state) updates.set(mean, next)
      updates.set(weight, weightedSum([weight, direction], by))
    }
    return { updates, state: means.state, inputs: means.inputs }
  }
}
