import { ShapeError } from './errors.ts'
import { graphOf } from './graph/graph.ts'
import type { Tensor } from './graph/tensor.ts'
import { broadcast } from './ops/broadcast.ts'
import { constant } from './ops/constant.ts'
import { formatShape } from './shape.ts'

/**
 * The gradient of a scalar with respect to some tensors, by reverse-mode differentiation. Gradients are tensors of the
 * same graph: they can be compiled, and most of them differentiated again.
 * @param loss a scalar
 * @param wrt tensors to differentiate with respect to, usually parameters
 * @returns a tensor of the same shape for each of them; zeros where the loss does not depend on it
 * @throws ShapeError when the loss is not a scalar; ResidualError when the graph contains an operation that cannot be
 *   differentiated: an optimized one, or the gradient of a max pooling or a batch norm.
 */
export function grad(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.shape.length > 0) throw new ShapeError(`grad: got a loss ${formatShape(loss.shape)}, wanted a scalar []`)
  const { nodes } = graphOf([loss])
  const depends = new Set(wrt)
  for (const node of nodes) if (node.inputs.some(tensor => depends.has(tensor))) depends.add(node)
  const gradients = new Map<Tensor, Tensor>([[loss, constant(1)]])
  for (const node of [...nodes].reverse()) {
    const gradient = gradients.get(node)
    if (!gradient || !depends.has(node)) continue
    gradientsOf(node, gradient).forEach((contribution, i) => {
      const tensor = node.inputs[i]
      if (!contribution || !depends.has(tensor)) return
      const sum = gradients.get(tensor)
      gradients.set(tensor, sum ? sum.add(contribution) : contribution)
    })
  }
  return wrt.map(tensor => gradients.get(tensor) ?? broadcast(constant(0), tensor.shape))
}

function gradientsOf(node: Tensor, gradient: Tensor): readonly (Tensor | undefined)[] {
  return node.operation.gradient(node.inputs, node, gradient, node.attributes)
}
