import type { Graph } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'
import { reshape } from '../ops/reshape.ts'
import { sameShape } from '../shape.ts'
import { rewrite } from './rewrite.ts'

/** Removes what changes nothing: paddings by nothing, slices of everything, reshapes to the same shape, and so on. */
export function dropIdentities(graph: Graph): Graph {
  return rewrite(graph, node => {
    const [x] = node.inputs
    if (node.is('reshape')) {
      const source = x.is('reshape') ? x.inputs[0] : x
      return sameShape(source.shape, node.shape) ? source : source === x ? node : reshape(source, node.shape)
    }
    return changesNothing(node) ? x : node
  })
}

/** Only looked at for operations of which an output of the input's shape means that no element moved. */
function changesNothing(node: Tensor): boolean {
  const isWhole = node.is('pad') || node.is('slice') || node.is('reduce')
  if (node.is('concat')) return node.inputs.length === 1
  return isWhole && sameShape(node.inputs[0].shape, node.shape)
}
