import { graphOf, type Tensor } from '@residual/core'

/** Rebuilds a tensor with some of the tensors that it depends on replaced. Parts that do not change are shared. */
export function withReplaced(tensor: Tensor, replacements: ReadonlyMap<Tensor, Tensor>): Tensor {
  return rebuilt([tensor], replacements).get(tensor)!
}

/** Like {@link withReplaced} for several tensors: the new tensor for each of them and for all that they depend on. */
export function rebuilt(tensors: readonly Tensor[], replacements: ReadonlyMap<Tensor, Tensor>): Map<Tensor, Tensor> {
  const become = new Map<Tensor, Tensor>()
  for (const node of graphOf(tensors).nodes) {
    const inputs = node.inputs.map(other => become.get(other)!)
    const isSame = inputs.every((other, i) => other === node.inputs[i])
    become.set(node, replacements.get(node) ?? (isSame ? node : node.with(inputs)))
  }
  return become
}
