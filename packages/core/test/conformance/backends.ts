import type { CompileOptions } from '../../src/index.ts'

/** Every way to run a program; the suite runs all its cases on each. */
export const backends: readonly { readonly name: string; readonly options: CompileOptions }[] = [
  { name: 'reference', options: { backend: 'reference' } },
]
