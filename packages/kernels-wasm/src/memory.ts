import type { Instance } from './builds.ts'
import { MemoryError } from './errors.ts'

/**
 * Address of so many bytes of any content, aligned to 64.
 * @throws MemoryError where WebAssembly's memory is exhausted.
 */
export function allocate({ glue }: Instance, bytes: number): number {
  const address = bytes < 2 ** 32 ? glue.allocate(bytes) : 0
  if (address === 0) {
    const megabytes = Math.ceil(bytes / 2 ** 20)
    throw new MemoryError(
      `memory: ${megabytes} MB more do not fit into WebAssembly's memory (4 GB, 2 GB in one piece); use a smaller batch or input, or dispose of models`,
    )
  }
  return address
}
