import { graphOf, type Tensor } from '@residual/core'

/** The tensor as it would be if others stood in the place of some that it depends on. What does not change is shared. */
export function withReplaced(tensor: Tensor, replacements: ReadonlyMap<Tensor, Tensor>): Tensor {
  return rebuilt([tensor], replacements).get(tensor)!
}

/** What becomes of some tensors, and of all they depend on, if others stand in the place of some of these. */
export function rebuilt(tensors: readonly Tensor[], replacements: ReadonlyMap<Tensor, Tensor>): Map<Tensor, Tensor> {
  const become = new Map<Tensor, Tensor>()
  for (const node of graphOf(tensors).nodes) {
    const inputs = node.inputs.map(other => become.get(other)!)
    const isSame = inputs.every((other, i) => other === node.inputs[i])
    become.set(node, replacements.get(node) ?? (isSame ? node : node.with(inputs)))
  }
  return become
}
