import type { Graph } from '../graph/graph.ts'
import { constant, knownValues } from '../ops/constant.ts'
import { evaluateNode } from '../reference/evaluate.ts'
import { rewrite } from './rewrite.ts'

/**
 * Computes once, here, what depends on no input. A graph without any input is left alone: it will run once, on the
 * kernels, rather than here on the reference.
 */
export function foldConstants(graph: Graph): Graph {
  if (graph.inputs.length === 0) return graph
  return rewrite(graph, node => {
    const values = node.inputs.map(knownValues)
    if (node.dtype !== 'f32' || values.length === 0 || values.includes(undefined)) return node
    const { data } = evaluateNode(
      node,
      values.map((data, i) => ({ shape: node.inputs[i].shape, data: data! })),
    )
    return constant(data as Float32Array, node.shape)
  })
}
