import type { Graph } from '../graph.ts'
import { bindParameters } from './bind-parameters.ts'
import type { Pass } from './rewrite.ts'

/** In the order they run. */
const passes: readonly Pass[] = []

/** The graph that backends run: its leaves are inputs and constants. */
export function optimize(graph: Graph, parameters: ReadonlyMap<string, Float32Array>): Graph {
  return passes.reduce((result, pass) => pass(result), bindParameters(graph, parameters))
}
