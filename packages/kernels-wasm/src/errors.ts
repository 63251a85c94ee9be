/** Wrong arguments to the kernels, or an environment that cannot run them. */
export class KernelError extends Error {
  override name = 'KernelError'
}

/** WebAssembly memory (at most 4 GB) is exhausted. */
export class MemoryError extends KernelError {
  override name = 'MemoryError'
}

/** The interpreter refused a program, which only happens if it was overwritten or written by hand. */
export function notInstructions(): KernelError {
  return new KernelError('kernels: the program holds words that are no instruction')
}

/** A kernel stopped before its end, for example because there was no memory for its own values. */
export function trapped(error: WebAssembly.RuntimeError): KernelError {
  const reason = `kernels: a kernel stopped (${error.message}); WebAssembly's memory (4 GB) may be exhausted`
  return new KernelError(`${reason}: use a smaller batch or input, or dispose of models`, { cause: error })
}
