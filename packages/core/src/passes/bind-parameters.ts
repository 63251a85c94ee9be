import type { Graph } from '../graph.ts'
import { constant } from '../ops/constant.ts'
import { rewrite } from './rewrite.ts'

/** Puts a constant in the place of every parameter. */
export function bindParameters(graph: Graph, parameters: ReadonlyMap<string, Float32Array>): Graph {
  return rewrite(graph, node =>
    node.is('parameter') ? constant(parameters.get(node.attributes.name)!, node.shape) : node,
  )
}
