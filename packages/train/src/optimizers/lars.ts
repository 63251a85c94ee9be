import { parameter, type Tensor, weightedSum } from '@residual/core'
import { lengthOf, type Optimizer, ratioUnlessZero, zerosLike } from './optimizer.ts'

export interface LarsOptions {
  /** Default 0.9. */
  readonly momentum?: number
  /** Default 0. */
  readonly weightDecay?: number
  /** How far a parameter may move, as a part of its own length: the paper's eta, default 0.001. */
  readonly trust?: number
}

/**
 * LARS (You et al. 2017, "Large Batch Training of Convolutional Networks", algorithm 1): momentum with a rate for each
 * parameter, `trust * |w| / (|g| + weightDecay * |w|)` times the learning rate, which is part of the momentum. Biases and
 * norms neither decay nor have a rate of their own. Its state is `momentum.NAME` for every parameter.
 */
export function lars({ momentum = 0.9, weightDecay = 0, trust = 0.001 }: LarsOptions = {}): Optimizer {
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
