import { type Graph, graphOf } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'

/**
 * Turns a graph into another that computes the same outputs differently. Tensors that nothing needs any more drop out.
 */
export type Pass = (graph: Graph) => Graph

/** Questions that a rewrite may ask about the graph as it was before the pass. */
export interface Before {
  /** Whether only the current tensor uses its input number `i`, which may then be fused into it. */
  isOnlyUse(i: number): boolean
  /**
   * The tensors that use input number `i`, including the current one, and `undefined` for each output that the input
   * is.
   */
  usesOf(i: number): readonly (Tensor | undefined)[]
}

/**
 * Rebuilds a graph, starting at its leaves. `replace` gets each tensor, already with rewritten inputs, and returns its
 * replacement: the same tensor if nothing changes.
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
