import type { Graph } from '../graph/graph.ts'
import { reshape } from '../ops/reshape.ts'
import { sameShape } from '../shape.ts'
import { rewrite } from './rewrite.ts'

/**
 * Removes operations that change nothing: padding by 0, slices of everything, reshapes to the same shape, and so on.
 */
export function dropIdentities(graph: Graph): Graph {
  return rewrite(graph, node => {
    const [x] = node.inputs
    if (node.is('reshape')) {
      const source = x.is('reshape') ? x.inputs[0] : x
      return sameShape(source.shape, node.shape) ? source : source === x ? node : reshape(source, node.shape)
    }
    return node.operation.traits.identityAtSameShape && sameShape(x.shape, node.shape) ? x : node
  })
}
