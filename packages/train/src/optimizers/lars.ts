import { parameter, type Tensor, weightedSum } from '@residual/core'
import { type Input, number, type Output, options } from '@residual/core/schema'
import { common, lengthOf, type Optimizer, optimizer, ratioUnlessZero, zerosLike } from './optimizer.ts'

const declared = options({
  momentum: common.momentum,
  weightDecay: common.weightDecay.default(1e-4),
  trust: number(0).default(0.001).help("how far a parameter may move, as a fraction of its length: the paper's eta"),
})

export interface LarsOptions extends Input<typeof declared> {}

/**
 * LARS (You et al. 2017, "Large Batch Training of Convolutional Networks", algorithm 1): momentum with a rate for each
 * parameter, `trust * |w| / (|g| + weightDecay * |w|)` times the learning rate. The momentum includes this rate. Biases
 * and the parameters of norms do not decay, and their rate is the learning rate. Its state is `momentum.NAME` for every
 * parameter.
 */
export const lars = optimizer({ name: 'lars', options: declared, make: scaledDescent })

function scaledDescent({ momentum, weightDecay, trust }: Output<typeof declared>): Optimizer {
  return ({ parameters, gradients, learningRate, scale = 1, rate = () => 1 }) => {
    const updates = new Map<Tensor<'parameter'>, Tensor>()
    const state = new Map<string, Float32Array>()
    parameters.forEach((weight, i) => {
      const { name } = weight.attributes
      const last = parameter(`momentum.${name}`, weight.shape, { trainable: false })
      const lr = learningRate.mul(rate(name))
      let next: Tensor
      if (weight.shape.length < 2) {
        next = weightedSum([last, gradients[i]], [momentum, lr.mul(scale)])
      } else {
        const [length, slope] = [lengthOf(weight), lengthOf(gradients[i]).mul(scale)]
        const own = length.mul(trust).div(slope.add(length.mul(weightDecay)))
        const local = lr.mul(ratioUnlessZero(length, slope, own))
        next = weightedSum([last, gradients[i], weight], [momentum, local.mul(scale), local.mul(weightDecay)])
      }
      updates.set(last, next)
      updates.set(weight, weightedSum([weight, next], [1, -1]))
      state.set(last.attributes.name, zerosLike(weight))
    })
    return { updates, state, inputs: () => ({}) }
  }
}
