import type { Weight } from '@residual/core'
import { crc32c } from '@residual/resnet/files'

/**
 * The checksum of a checkpoint. It covers the text, and the names and bytes of all tensors in the order of their names.
 */
export function checksum(training: string, tensors: ReadonlyMap<string, Weight<Uint8Array>>): string {
  const encoder = new TextEncoder()
  let crc = crc32c(encoder.encode(training))
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [name, { bytes }] of sorted) crc = crc32c(bytes, crc32c(encoder.encode(name), crc))
  return crc.toString(16).padStart(8, '0')
}
