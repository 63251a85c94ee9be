import { parameter, type Tensor, weightedSum } from '@residual/core'
import { boolean, type Input, number, type Output, options } from '@residual/core/schema'
import { adamMoments, moments } from './adam.ts'
import {
  common,
  decayOf,
  lengthOf,
  memoize,
  type Optimizer,
  optimizer,
  ratioUnlessZero,
  vector,
  zerosLike,
} from './optimizer.ts'

const sgdOptions = options({
  momentum: common.momentum,
  nesterov: boolean.default(false).help('look ahead by the momentum (Sutskever et al. 2013)'),
  weightDecay: common.weightDecay.default(1e-4),
  decoupled: boolean
    .default(false)
    .help('subtract weight decay from the weights (Loshchilov and Hutter 2019) instead of adding it to the gradient'),
  decayNorms: common.decayNorms,
})

export interface SgdOptions extends Input<typeof sgdOptions> {}

/**
 * Stochastic gradient descent, computed as torch.optim.SGD does: `v = momentum * v + g`, `w = w - rate * v`, where `g`
 * is the gradient plus the weight decay. The first `v` is the first gradient. Its state is `momentum.NAME` for every
 * parameter.
 */
export const sgd = optimizer({ name: 'sgd', options: sgdOptions, make: descent })

function descent(settings: Output<typeof sgdOptions>): Optimizer {
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

const adamwOptions = options({
  ...moments,
  epsilon: moments.epsilon.default(1e-8),
  decayNorms: common.decayNorms,
})

export interface AdamOptions extends Input<typeof adamwOptions> {}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), computed as torch.optim.AdamW does. Its state is
 * `mean.NAME` and `square.NAME` for every parameter.
 */
export const adamw = optimizer({ name: 'adamw', options: adamwOptions, make: decayedAdam })

function decayedAdam(settings: Output<typeof adamwOptions>): Optimizer {
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

const larsOptions = options({
  momentum: common.momentum,
  weightDecay: common.weightDecay.default(1e-4),
  trust: number(0).default(0.001).help("how far a parameter may move, as a fraction of its length: the paper's eta"),
})

export interface LarsOptions extends Input<typeof larsOptions> {}

/**
 * LARS (You et al. 2017, "Large Batch Training of Convolutional Networks", algorithm 1): momentum with a rate for each
 * parameter, `trust * |w| / (|g| + weightDecay * |w|)` times the learning rate. The momentum includes this rate. Biases
 * and the parameters of norms do not decay, and their rate is the learning rate. Its state is `momentum.NAME` for every
 * parameter.
 */
export const lars = optimizer({ name: 'lars', options: larsOptions, make: scaledDescent })

function scaledDescent({ momentum, weightDecay, trust }: Output<typeof larsOptions>): Optimizer {
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

const lambOptions = options({ ...moments, epsilon: moments.epsilon.default(1e-6) })

export interface LambOptions extends Input<typeof lambOptions> {}

/**
 * LAMB (You et al. 2020, "Large Batch Optimization for Deep Learning", algorithm 2): Adam's direction plus the weight
 * decay, scaled for each parameter to the learning rate times the length of its weights. Biases and the parameters of
 * norms are neither decayed nor scaled. Its state is `mean.NAME` and `square.NAME` for every parameter.
 */
export const lamb = optimizer({ name: 'lamb', options: lambOptions, make: scaledAdam })

function scaledAdam(settings: Output<typeof lambOptions>): Optimizer {
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

/** The optimisers by the names that recipes use, the default first. */
export const OPTIMIZERS = { sgd, adamw, lars, lamb }
