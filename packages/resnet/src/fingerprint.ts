import { scanSafetensors } from '@residual/core'
import { crc32c } from './crc32c.ts'
import type { JsonObject } from './json.ts'
import { formatOf, WeightsFile } from './weights/index.ts'

/** The key of the fingerprint in both configurations and in the metadata of the weights. */
const KEY = 'residual_fingerprint'

/**
 * Adds a fingerprint of all objects to each of them, and returns it as metadata for the weights that are saved with
 * them. It shows whether files were saved together, and it remains when somebody edits one of them.
 */
export function fingerprinted(configurations: readonly object[]): {
  readonly configurations: readonly object[]
  readonly metadata: Readonly<Record<string, string>>
} {
  const checksum = crc32c(new TextEncoder().encode(JSON.stringify(configurations)))
  const mark = { [KEY]: checksum.toString(16).padStart(8, '0') }
  return { configurations: configurations.map(fields => ({ ...fields, ...mark })), metadata: mark }
}

/**
 * Whether these files were saved together, as far as their fingerprints show.
 * @throws FormatError if the header of the weights is damaged.
 */
export function areTogether(
  configurations: readonly (JsonObject | undefined)[],
  weights: WeightsFile | Uint8Array,
): boolean {
  const found = [...configurations.map(config => config?.[KEY]), metadataOf(weights)[KEY]]
  return new Set(found.filter(mark => typeof mark === 'string')).size <= 1
}

function metadataOf(weights: WeightsFile | Uint8Array): Readonly<Record<string, string>> {
  if (weights instanceof WeightsFile) return weights.readHeader().metadata
  if (formatOf(weights) !== 'safetensors') return {}
  return scanSafetensors(weights.length, (begin, end) => weights.slice(begin, end)).metadata
}
