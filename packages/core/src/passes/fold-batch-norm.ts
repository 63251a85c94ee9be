import type { Graph } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'
import { constant, storedConstant } from '../ops/constant.ts'
import { scaleShift } from '../ops/scale-shift.ts'
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
    return folded ?? scaleShift(x, scale, shift)
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
  const factors = scale.attributes.data
  const shifted = shift.attributes.data.map((value, o) => {
    return bias?.is('constant') ? value + bias.attributes.data[o] * factors[o] : value
  })
  return conv.with([x, scaled(weight, factors), constant(shifted)], {
    ...conv.attributes,
    bias: true,
  })
}

/** The weights of each output times its factor. */
function scaled({ shape, attributes }: Tensor<'constant'>, factors: Float32Array): Tensor {
  const { weights, scale } = attributes.stored ?? { weights: attributes.data }
  return storedConstant(
    shape,
    { weights, scale: scale ? scale.map((s, o) => s * factors[o]) : factors },
    attributes.name,
  )
}
