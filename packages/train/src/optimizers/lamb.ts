import { type Tensor, weightedSum } from '@residual/core'
import { type AdamOptions, adamMoments } from './adam.ts'
import { decayOf, lengthOf, type Optimizer, ratioUnlessZero } from './optimizer.ts'

/**
 * LAMB (You et al. 2020, "Large Batch Optimization for Deep Learning", algorithm 2): Adam's direction plus the decayed
 * weights, scaled for each parameter so that its length is the learning rate times the length of the weights. Biases and
 * norms neither decay nor are scaled. Weight decay is 0.01 and epsilon 1e-6 unless stated. Its state is `mean.NAME` and
 * `square.NAME` for every parameter.
 */
export function lamb(options: Omit<AdamOptions, 'decayNorms'> = {}): Optimizer {
  const { epsilon = 1e-6, weightDecay = 0.01 } = options
  return inputs => {
    const { parameters, learningRate, rate = () => 1 } = inputs
    const moments = adamMoments(inputs, { ...options, epsilon })
    const updates = new Map<Tensor<'parameter'>, Tensor>()
    for (const weight of parameters) {
      const { direction, updates: state } = moments.of(weight)
      for (const [mean, next] of state) updates.set(mean, next)
      const negative = learningRate.mul(-rate(weight.attributes.name))
      if (weight.shape.length < 2) {
        updates.set(weight, weightedSum([weight, direction], [1, negative]))
        continue
      }
      const decay = decayOf(weight, { weightDecay })
      const change = decay > 0 ? weightedSum([direction, weight], [1, decay]) : direction
      const [length, changed] = [lengthOf(weight), lengthOf(change)]
      const trust = ratioUnlessZero(length, changed, length.div(changed))
      updates.set(weight, weightedSum([weight, change], [1, negative.mul(trust)]))
    }
    return { updates, state: moments.state, inputs: moments.inputs }
  }
}
