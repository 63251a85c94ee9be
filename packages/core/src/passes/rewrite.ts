import { type Graph, graphOf } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'

/** From graph to graph with the same outputs, computed differently. Tensors that nothing needs any more drop out. */
export type Pass = (graph: Graph) => Graph

/** What a rewrite may ask about the graph as it was before the pass. */
export interface Before {
  /** Whether nothing but the tensor at hand uses its input number `i`, which may then be taken into it. */
  isOnlyUse(i: number): boolean
  /** The tensors that use its input number `i`, itself among them, and `undefined` for each output that it is. */
  usesOf(i: number): readonly (Tensor | undefined)[]
}

/**
 * Rebuilds a graph from its leaves on. `replace` gets each tensor, already on its rewritten inputs, and returns what
 * stands for it from now on: the same tensor when there is nothing to change.
 */
export function rewrite(graph: Graph, replace: (node: Tensor, before: Before) => Tensor): Graph {
  const uses = new Map<Tensor, (Tensor | undefined)[]>(graph.nodes.map(node => [node, []]))
  for (const node of graph.nodes) for (const tensor of node.inputs) uses.get(tensor)!.push(node)
  for (const output of graph.outputs) uses.get(output)!.push(undefined)
  const rewritten = new Map<Tensor, Tensor>()
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(tensor => rewritten.get(tensor)!)
    const isSame = inputs.every((tensor, i) => tensor === node.inputs[i])
    rewritten.set(
      node,
      replace(isSame ? node : node.with(inputs), {
        isOnlyUse: i => uses.get(node.inputs[i])!.length === 1,
        usesOf: i => uses.get(node.inputs[i])!,
      }),
    )
  }
  return graphOf(graph.outputs.map(output => rewritten.get(output)!))
}
