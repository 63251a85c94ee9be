import { batchNorm, conv2d, moments, normalize, type Scope, type Tensor, weightedSum } from '@residual/core'
import { ACTIVATIONS } from './activations.ts'
import { ATTENTIONS } from './attention.ts'
import type { Architecture } from './row.ts'

/** A square convolution that keeps the size of its input, except for the stride. */
export interface ConvShape {
  /** Channels of its output. */
  readonly filters: number
  /** Side of its kernel, odd. */
  readonly kernel: number
  /** Default 1. */
  readonly stride?: number
  /** Default 1. */
  readonly groups?: number
}

/** The functions that build a network's layers, from a tensor and the scope of the layer's parameters. */
export interface Layers {
  readonly conv: (s: Scope, x: Tensor, shape: ConvShape) => Tensor
  readonly norm: (s: Scope, x: Tensor) => Tensor
  readonly activate: (x: Tensor) => Tensor
  readonly attend: (s: Scope, f: Tensor) => Tensor
}

/** Which batch norms use the statistics of the batch: all, none, or a choice by name. */
export type InTraining = boolean | ((norm: string) => boolean)

/** The next value of each running statistic. */
export type Statistics = Map<Tensor<'parameter'>, Tensor>

/** Makes the layers of an architecture. Batch norms in training add their running statistics to `updates`. */
export function makeLayers(arch: Architecture, training: InTraining, updates: Statistics): Layers {
  const { norm, activation, attention } = arch
  const norms: Readonly<Record<Architecture['norm'], Layers['norm']>> = {
    batch: batchNormOf(training, updates),
    none: (_, x) => x,
  }
  return {
    conv: convolution(norm === 'none'),
    norm: norms[norm],
    activate: ACTIVATIONS[activation].apply,
    attend: ATTENTIONS[attention],
  }
}

export const channels = (x: Tensor): number => x.shape[3]

/** A convolution. Before a batch norm it needs no bias, because the norm's beta is one. */
function convolution(hasBias: boolean): Layers['conv'] {
  return (s, x, { filters, kernel, stride = 1, groups = 1 }) => {
    const weight = s.parameter('weight', [filters, channels(x) / groups, kernel, kernel])
    const bias = hasBias ? s.parameter('bias', [filters]) : undefined
    return conv2d(x, weight, { bias, stride, padding: kernel >> 1, groups })
  }
}

/** A linear layer: a 1x1 convolution that keeps the number of channels. */
export function linearLayer(s: Scope, x: Tensor): Tensor {
  const weight = s.parameter('weight', [channels(x), channels(x), 1, 1])
  return conv2d(x, weight, { bias: s.parameter('bias', [channels(x)]) })
}

/** The parameters of a batch norm: the learned scale and shift, and the running statistics of training. */
function normParameters(s: Scope, x: Tensor) {
  const shape = [channels(x)]
  return {
    gamma: s.parameter('weight', shape),
    beta: s.parameter('bias', shape),
    mean: s.buffer('running_mean', shape),
    variance: s.buffer('running_var', shape),
  }
}

/** A batch norm with the running statistics. */
const inferenceNorm: Layers['norm'] = (s, x) => batchNorm(x, normParameters(s, x))

/** The share of a batch in the next running statistics; PyTorch's default. */
const MOMENTUM = 0.1

/** Chooses between inference and training for each batch norm. */
function batchNormOf(training: InTraining, updates: Statistics): Layers['norm'] {
  const trained = trainingNorm(updates)
  const isTrained = typeof training === 'function' ? training : () => training
  return (s, x) => (isTrained(s.prefix) ? trained : inferenceNorm)(s, x)
}

/**
 * A batch norm with the batch's statistics. The running statistics follow; their variance is unbiased, as in PyTorch.
 */
function trainingNorm(updates: Statistics): Layers['norm'] {
  return (s, x) => {
    const { mean, variance, ...options } = normParameters(s, x)
    const batch = moments(x)
    const row = (i: number) => batch.slice([i, 0], [i + 1, channels(x)]).reshape([channels(x)])
    const count = x.shape[0] * x.shape[1] * x.shape[2]
    const unbiased = count / Math.max(1, count - 1)
    updates.set(mean, weightedSum([mean, row(0)], [1 - MOMENTUM, MOMENTUM]))
    updates.set(variance, weightedSum([variance, row(1)], [1 - MOMENTUM, MOMENTUM * unbiased]))
    return normalize(x, batch, options)
  }
}
