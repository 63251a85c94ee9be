import type { Graph } from '../graph/graph.ts'
import { sameShape } from '../shape.ts'
import { rewrite } from './rewrite.ts'

/**
 * Fuses the gate, which is the gradient of a ReLU after a batch norm, into the gradient of that batch norm if nothing
 * else needs the gated gradient. The two kernels each read one more operand, which costs less than writing the gated
 * gradient and reading it back.
 */
export function fuseGates(graph: Graph): Graph {
  return rewrite(graph, (node, before) => {
    if (!node.is('normalizeSums') && !node.is('normalizeGradient')) return node
    const [gated, ...rest] = node.inputs
    if (!gated.is('binary') || gated.attributes.kind !== 'gate' || node.attributes.gate) return node
    if (!before.usesOf(0).every(use => use?.is('normalizeSums') || use?.is('normalizeGradient'))) return node
    const [gradient, gate] = gated.inputs
    if (!sameShape(gradient.shape, gate.shape)) return node
    return node.with([gradient, ...rest, gate], { ...node.attributes, gate: true })
  })
}
