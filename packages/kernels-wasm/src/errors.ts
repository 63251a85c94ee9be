/** Wrong arguments to the kernels, or an environment they cannot run in. */
export class KernelError extends Error {
  override name = 'KernelError'
}

/** WebAssembly memory (at most 4 GB) is exhausted. */
export class MemoryError extends KernelError {
  override name = 'MemoryError'
}
