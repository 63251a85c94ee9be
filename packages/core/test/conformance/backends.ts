import { supportedBuilds } from '@residual/kernels-wasm'
import type { CompileOptions } from '../../src/index.ts'

/**
 * The backends that run the cases: the reference, and every build that this engine supports, alone and with workers.
 * Node 20 runs the relaxed builds with `--experimental-wasm-relaxed-simd`, which the tests' configuration passes.
 */
export const backends: readonly { name: string; options: CompileOptions }[] = [
  { name: 'reference', options: { backend: 'reference' } },
  ...supportedBuilds().flatMap(build =>
    [1, 2, 3].map(threads => ({ name: `${build} on ${threads} threads`, options: { build, threads } })),
  ),
]
