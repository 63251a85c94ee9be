import { oneOf, whole } from '@residual/core/schema'
import { option } from '../option.ts'

/** How a network runs. */
export const runOptions = {
  threads: option('n', whole(1, 64).default(1).help('threads to run on')),
  build: option(
    'build',
    oneOf('simd128', 'relaxed').optional().help('WebAssembly build (default: the fastest that this Node supports)'),
  ),
}

/** `relaxed, 2 threads`. */
export const runText = (build: string, threads: number): string =>
  `${build}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`
