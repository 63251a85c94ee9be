import type { Graph } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'
import { constant, knownValues } from '../ops/constant.ts'
import { sameShape } from '../shape.ts'
import { type Before, rewrite } from './rewrite.ts'

type Product = Tensor<'conv2d'> | Tensor<'matmul'>
/** Operations that can take more into their epilogue. Only products take a bias; the gradient takes no ReLU either. */
type Open = Product | Tensor<'normalize'> | Tensor<'conv2dInputGradient'>

/**
 * Fuses the additions and the ReLU that follow a convolution, a matrix product or a batch norm into that operation,
 * which then applies them before it stores its result. Also fuses a ReLU into `scaleShift`. It fuses only if nothing
 * else needs the value in between.
 */
export function fuseEpilogues(graph: Graph): Graph {
  return rewrite(graph, (node, before) => {
    if (node.is('unary')) return fuseRelu(node, before)
    if (node.is('binary') && node.attributes.kind === 'add') return fuseAdd(node, before)
    return node
  })
}

function fuseRelu(node: Tensor<'unary'>, before: Before): Tensor {
  const [x] = node.inputs
  if (node.attributes.kind !== 'relu' || !before.isOnlyUse(0)) return node
  if (x.is('scaleShift')) return x.with(x.inputs, { activation: 'relu' })
  return isOpen(x) && !x.is('conv2dInputGradient') ? withEpilogue(x, x.inputs, { activation: 'relu' }) : node
}

function fuseAdd(node: Tensor<'binary'>, before: Before): Tensor {
  // If either of two products could take the other as an input, the right one does: it is later in topological order.
  for (const side of [1, 0]) {
    const [product, other] = [node.inputs[side], node.inputs[1 - side]]
    if (!before.isOnlyUse(side) || !isOpen(product) || !sameShape(product.shape, node.shape)) continue
    const bias = takesBias(product) ? asBias(other, product) : undefined
    if (bias && takesBias(product)) return withBias(product, bias)
    if (!product.attributes.residual && sameShape(other.shape, product.shape)) {
      return withEpilogue(product, [...product.inputs, other], { residual: true })
    }
  }
  return node
}

/** Whether the epilogue of a node can still take something; a ReLU closes it. */
function isOpen(node: Tensor): node is Open {
  if (node.is('conv2dInputGradient')) return true
  return (node.is('conv2d') || node.is('matmul') || node.is('normalize')) && node.attributes.activation === 'none'
}

function takesBias(node: Open): node is Product {
  return (node.is('conv2d') || node.is('matmul')) && !node.attributes.bias
}

/** Returns `addend` as one number for each output channel, if it is equivalent to such a bias. */
function asBias(addend: Tensor, product: Tensor): Tensor | undefined {
  const channels = product.shape[product.shape.length - 1]
  if (sameShape(addend.shape, [channels])) return addend
  const data = knownValues(addend)
  if (!data || addend.shape.slice(0, -1).some(extent => extent !== 1)) return undefined
  return constant(data.length === 1 ? new Float32Array(channels).fill(data[0]) : data)
}

function withBias(product: Product, bias: Tensor): Tensor {
  const [a, b, ...residual] = product.inputs
  return withEpilogue(product, [a, b, bias, ...residual], { bias: true })
}

function withEpilogue(
  product: Open,
  inputs: readonly Tensor[],
  change: { bias?: true; residual?: true; activation?: 'relu' },
): Tensor {
  return (product as Tensor).with(inputs, { ...product.attributes, ...change } as Open['attributes'])
}
