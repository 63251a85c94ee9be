import type { Graph } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'
import { constant, knownValues, weightConstant } from '../ops/constant.ts'
import { scaleShift } from '../ops/scale-shift.ts'
import { fromFloat32 } from '../weights/index.ts'
import { rewrite } from './rewrite.ts'

/**
 * Folds batch norms into the weights and bias of the convolutions before them, and turns the others into `scaleShift`.
 * No `batchNorm` is left.
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

/** Writes a batch norm as `x * scale + shift`; the two are constants if its statistics, gamma and beta are. */
function scaleAndShift(node: Tensor<'batchNorm'>): { scale: Tensor; shift: Tensor } {
  const [, gamma, beta, mean, variance] = node.inputs
  const { epsilon } = node.attributes
  const [gammas, betas, means, variances] = [gamma, beta, mean, variance].map(knownValues)
  if (gamma.is('constant') && gammas && betas && means && variances) {
    const scale = gammas.map((value, c) => value / Math.sqrt(variances[c] + epsilon))
    const shift = betas.map((value, c) => value - means[c] * scale[c])
    return { scale: constant(scale, undefined, gamma.attributes.name), shift: constant(shift) }
  }
  const scale = gamma.div(variance.add(epsilon).sqrt())
  return { scale, shift: beta.sub(mean.mul(scale)) }
}

/** Returns `undefined` if a value is not known yet, or the convolution does more than convolve and add a bias. */
function foldIntoConv2d(conv: Tensor<'conv2d'>, scale: Tensor, shift: Tensor): Tensor | undefined {
  const [x, weight, bias] = conv.inputs
  const { residual, activation } = conv.attributes
  const [factors, shifts, biases] = [scale, shift, bias].map(tensor => tensor && knownValues(tensor))
  if (residual || activation !== 'none' || !factors || !shifts) return undefined
  if (!weight.is('constant') || (bias && !biases)) return undefined
  const shifted = biases ? shifts.map((value, o) => value + biases[o] * factors[o]) : shifts
  return conv.with([x, scaled(weight, factors), constant(shifted)], {
    ...conv.attributes,
    bias: true,
  })
}

/** Multiplies the weights of each output by its factor. */
function scaled({ attributes }: Tensor<'constant'>, factors: Float32Array): Tensor {
  const weight = attributes.weight ?? fromFloat32(attributes.data, attributes.shape, 'F32')
  const scale = weight.scale ? weight.scale.map((s, o) => s * factors[o]) : factors
  return weightConstant({ ...weight, scale }, attributes.name)
}
