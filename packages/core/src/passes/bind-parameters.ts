import type { Graph } from '../graph.ts'
import { constant } from '../ops/constant.ts'
import { rewrite } from './rewrite.ts'

/** Puts a constant in the place of every parameter. */
export function bindParameters(graph: Graph, parameters: ReadonlyMap<string, Float32Array>): Graph {
  return rewrite(graph, node => {
    if (!node.is('parameter')) return node
    const { name } = node.attributes
    return constant(parameters.get(name)!, node.shape, name)
  })
}
