import { type Tensor, weightedSum } from '@residual/core'
import { type Input, type Output, options } from '@residual/core/schema'
import { adamMoments, moments } from './adam.ts'
import { lengthOf, type Optimizer, optimizer, ratioUnlessZero } from './optimizer.ts'

const declared = options({ ...moments, epsilon: moments.epsilon.default(1e-6) })

export interface LambOptions extends Input<typeof declared> {}

/**
 * LAMB (You et al. 2020, "Large Batch Optimization for Deep Learning", algorithm 2): Adam's direction plus the weight
 * decay, scaled for each parameter to the learning rate times the length of its weights. Biases and the parameters of
 * norms are neither decayed nor scaled. Its state is `mean.NAME` and `square.NAME` for every parameter.
 */
export const lamb = optimizer({ name: 'lamb', options: declared, make: scaledAdam })

function scaledAdam(settings: Output<typeof declared>): Optimizer {
  const { weightDecay } = settings
  return inputs => {
    const { parameters, learningRate, rate = () => 1 } = inputs
    const means = adamMoments(inputs, settings)
    const updates = new Map<Tensor<'parameter'>, Tensor>()
    for (const weight of parameters) {
      const { direction, updates: state } = means.of(weight)
      for (const [mean, next] of state) updates.set(mean, next)
      const negative = learningRate.mul(-rate(weight.attributes.name))
      if (weight.shape.length < 2) {
        updates.set(weight, weightedSum([weight, direction], [1, negative]))
        continue
      }
      const change = weightDecay > 0 ? weightedSum([direction, weight], [1, weightDecay]) : direction
      const [length, changed] = [lengthOf(weight), lengthOf(change)]
      const trust = ratioUnlessZero(length, changed, length.div(changed))
      updates.set(weight, weightedSum([weight, change], [1, negative.mul(trust)]))
    }
    return { updates, state: means.state, inputs: means.inputs }
  }
}
