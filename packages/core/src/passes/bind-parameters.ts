import type { Graph } from '../graph.ts'
import { constant } from '../ops/constant.ts'
import type { Tensor } from '../tensor.ts'
import { rewrite } from './rewrite.ts'

/** Puts a constant in the place of every parameter that does not change. */
export function bindParameters(
  graph: Graph,
  parameters: ReadonlyMap<string, Float32Array>,
  changing: ReadonlySet<Tensor>,
): Graph {
  return rewrite(graph, node => {
    if (!node.is('parameter') || changing.has(node)) return node
    const { name } = node.attributes
    return constant(parameters.get(name)!, node.shape, name)
  })
}
