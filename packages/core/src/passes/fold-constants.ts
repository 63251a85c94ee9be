import type { Graph } from '../graph/graph.ts'
import { constant, knownValues } from '../ops/constant.ts'
import { evaluateNode } from '../reference/evaluate.ts'
import { rewrite } from './rewrite.ts'

/**
 * Computes everything that depends only on constants, once and at compile time. A graph without inputs stays as it is:
 * it will run only once, and the kernels are faster than the reference used here.
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
