import { scanSafetensors } from '@residual/core'
import { crc32c } from './crc32c.ts'
import type { JsonObject } from './json.ts'
import { formatOf, WeightsFile } from './weights/index.ts'

/** What both configurations and the metadata of the weights call it. */
const KEY = 'residual_fingerprint'

/**
 * Objects with a fingerprint of all of them in each, which goes with the weights that they were saved for as well. It tells
 * whether files were saved together, and stays when somebody edits one.
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
 * Whether these files belong together, as far as they say.
 * @throws FormatError for weights whose header is damaged.
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
