import type { Graph } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { Weight } from '../weights/index.ts'
import { bindParameters } from './bind-parameters.ts'
import { dropIdentities } from './drop-identities.ts'
import { foldBatchNorm } from './fold-batch-norm.ts'
import { foldConstants } from './fold-constants.ts'
import { fuseEpilogues } from './fuse-epilogues.ts'
import { fuseGates } from './fuse-gates.ts'
import type { Pass } from './rewrite.ts'

/** In the order in which they run. */
const passes: readonly Pass[] = [foldConstants, dropIdentities, foldBatchNorm, fuseEpilogues, fuseGates]

/** The graph that backends run: its leaves are inputs, constants, and the parameters that are `changing`. */
export function optimize(
  graph: Graph,
  parameters: ReadonlyMap<string, Float32Array | Weight>,
  changing: ReadonlySet<Tensor> = new Set(),
): Graph {
  return passes.reduce((result, pass) => pass(result), bindParameters(graph, parameters, changing))
}
