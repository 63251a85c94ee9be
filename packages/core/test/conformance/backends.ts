import { supportedBuilds } from '@residual/kernels-wasm'
import type { CompileOptions } from '../../src/index.ts'

/**
 * What the cases are run on: every build that this engine has, alone and with workers. Node 20 runs the relaxed builds
 * with `--experimental-wasm-relaxed-simd`; the tests' configuration passes it.
 */
export const backends: readonly { name: string; options: CompileOptions }[] = [
  { name: 'reference', options: { backend: 'reference' } },
  ...supportedBuilds().flatMap(build =>
    [1, 2, 3].map(threads => ({ name: `${build} on ${threads} threads`, options: { build, threads } })),
  ),
]
