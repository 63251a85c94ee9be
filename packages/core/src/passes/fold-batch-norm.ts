import type { Graph } from '../graph.ts'
import { constant } from '../ops/constant.ts'
import { Tensor } from '../tensor.ts'
import { rewrite } from './rewrite.ts'

/**
 * Takes batch norms into the convolutions before them, whose weights and bias become those of both together, and
 * turns the others into `scaleShift`. No `batchNorm` is left.
 */
export function foldBatchNorm(graph: Graph): Graph {
  return rewrite(graph, (node, before) => {
    if (!node.is('batchNorm')) return node
    const { scale, shift } = scaleAndShift(node)
    const [x] = node.inputs
    const folded = before.isOnlyUse(0) && x.is('conv2d') ? foldIntoConv2d(x, scale, shift) : undefined
    return folded ?? new Tensor('scaleShift', [x, scale, shift], { activation: 'none' })
  })
}

/** The batch norm as `x * scale + shift`; constants when its statistics are. */
function scaleAndShift(node: Tensor<'batchNorm'>): { scale: Tensor; shift: Tensor } {
  const [, gamma, beta, mean, variance] = node.inputs
  const { epsilon } = node.attributes
  if (gamma.is('constant') && beta.is('constant') && mean.is('constant') && variance.is('constant')) {
    const scale = gamma.attributes.data.map((value, c) => value / Math.sqrt(variance.attributes.data[c] + epsilon))
    const shift = beta.attributes.data.map((value, c) => value - mean.attributes.data[c] * scale[c])
    return { scale: constant(scale, undefined, gamma.attributes.name), shift: constant(shift) }
  }
  const scale = gamma.div(variance.add(epsilon).sqrt())
  return { scale, shift: beta.sub(mean.mul(scale)) }
}

/** `undefined` when something is not known yet, or the convolution does more than convolve and add a bias. */
function foldIntoConv2d(conv: Tensor<'conv2d'>, scale: Tensor, shift: Tensor): Tensor | undefined {
  const [x, weight, bias] = conv.inputs
  const { residual, activation } = conv.attributes
  if (residual || activation !== 'none' || !scale.is('constant') || !shift.is('constant')) return undefined
  if (!weight.is('constant') || (bias && !bias.is('constant'))) return undefined
  const { data } = weight.attributes
  const scaled = new Float32Array(data.length)
  const taps = data.length / weight.shape[0]
  for (let o = 0; o < weight.shape[0]; o++) {
    const factor = scale.attributes.data[o]
    for (let i = o * taps; i < (o + 1) * taps; i++) scaled[i] = data[i] * factor
  }
  const shifted = shift.attributes.data.map((value, o) => {
    return bias?.is('constant') ? value + bias.attributes.data[o] * scale.attributes.data[o] : value
  })
  return new Tensor('conv2d', [x, constant(scaled, weight.shape, weight.attributes.name), constant(shifted)], {
    ...conv.attributes,
    bias: true,
  })
}
