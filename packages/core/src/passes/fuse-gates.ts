import type { Graph } from '../graph/graph.ts'
import { sameShape } from '../shape.ts'
import { rewrite } from './rewrite.ts'

/**
 * Lets the gradient of a batch norm do the gate that is the gradient of the ReLU after it, where nothing else needs
 * the gated gradient: twice an operand more to read is less than writing and reading it once more.
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
