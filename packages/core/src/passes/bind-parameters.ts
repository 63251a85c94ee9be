import type { Graph } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'
import { constant, weightConstant } from '../ops/constant.ts'
import type { Weight } from '../weights/index.ts'
import { rewrite } from './rewrite.ts'

/** Replaces every parameter that does not change by a constant. */
export function bindParameters(
  graph: Graph,
  parameters: ReadonlyMap<string, Float32Array | Weight>,
  changing: ReadonlySet<Tensor>,
): Graph {
  return rewrite(graph, node => {
    if (!node.is('parameter') || changing.has(node)) return node
    const { name } = node.attributes
    const given = parameters.get(name)!
    return given instanceof Float32Array ? constant(given, node.shape, name) : weightConstant(given, name)
  })
}
