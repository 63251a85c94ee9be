import type { Graph } from '../graph.ts'
import { bindParameters } from './bind-parameters.ts'
import { dropIdentities } from './drop-identities.ts'
import { foldBatchNorm } from './fold-batch-norm.ts'
import { foldConstants } from './fold-constants.ts'
import { fuseEpilogues } from './fuse-epilogues.ts'
import type { Pass } from './rewrite.ts'

/** In the order they run. */
const passes: readonly Pass[] = [foldConstants, dropIdentities, foldBatchNorm, fuseEpilogues]

/** The graph that backends run: its leaves are inputs and constants. */
export function optimize(graph: Graph, parameters: ReadonlyMap<string, Float32Array>): Graph {
  return passes.reduce((result, pass) => pass(result), bindParameters(graph, parameters))
}
