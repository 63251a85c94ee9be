import type { Graph } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'
import { constant, storedConstant } from '../ops/constant.ts'
import type { Weights } from '../weights.ts'
import { rewrite } from './rewrite.ts'

/** Puts a constant in the place of every parameter that does not change. */
export function bindParameters(
  graph: Graph,
  parameters: ReadonlyMap<string, Weights>,
  changing: ReadonlySet<Tensor>,
): Graph {
  return rewrite(graph, node => {
    if (!node.is('parameter') || changing.has(node)) return node
    const { name } = node.attributes
    const weights = parameters.get(name)!
    return weights instanceof Float32Array
      ? constant(weights, node.shape, name)
      : storedConstant(node.shape, { weights }, name)
  })
}
