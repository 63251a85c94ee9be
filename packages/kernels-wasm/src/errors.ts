/** Wrong arguments to the kernels, or an environment they cannot run in. */
export class KernelError extends Error {
  override name = 'KernelError'
}

/** WebAssembly memory (at most 4 GB) is exhausted. */
export class MemoryError extends KernelError {
  override name = 'MemoryError'
}

/** What the interpreter refuses; only a program that was overwritten, or written by hand, holds such words. */
export function notInstructions(): KernelError {
  return new KernelError('kernels: the program holds words that are no instruction')
}
