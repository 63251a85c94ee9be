import { stat } from 'node:fs/promises'
import { ResidualError } from '@residual/core'
import type { DownloadOptions } from '@residual/vision'
import { ModelError } from '../errors.ts'
import { formatOf, WeightsFile } from '../weights/index.ts'
import { fetchConfig, fetchWeights, type Kind, kindOfUrl } from './fetched-files.ts'
import { readRegularFile } from './regular-file.ts'
import type { FileKind } from './types.ts'

/** Whether a location is a URL that is fetched and not a path. */
export const isFetched = (location: string): boolean => /^(https?|data|blob):/i.test(location)

/** The kind of thing at a path or URL; `undefined` if there is nothing. */
export async function kindOf(location: string): Promise<Kind | undefined> {
  if (isFetched(location)) return kindOfUrl(location)
  const found = await unlessMissing(location, async () => stat(pathOf(location)))
  return found && (found.isDirectory() ? 'directory' : 'file')
}

/**
 * Reads the bytes at a path or URL; `undefined` if there is nothing.
 * @throws ModelError if they cannot be read: if it is a device or a directory, or larger than this kind of file may be.
 */
export async function readFileIfThere(
  location: string,
  kind: FileKind,
  options?: DownloadOptions,
): Promise<Uint8Array | undefined> {
  if (isFetched(location)) return fetchConfig(location, options)
  return unlessMissing(location, () => readRegularFile(pathOf(location), kind))
}

/**
 * Opens a file of weights, so that each weight can be read when it is needed. If the format must be read as a whole, or
 * if the location is a URL, returns the bytes. If the file holds no weights, returns only its beginning, which is
 * enough to identify it. `undefined` if there is nothing.
 * @throws ModelError as in {@link readFileIfThere}.
 */
export async function openWeightsIfThere(
  location: string,
  options?: DownloadOptions,
): Promise<WeightsFile | Uint8Array | undefined> {
  if (isFetched(location)) return fetchWeights(location, options)
  return unlessMissing(location, async () => {
    const file = await WeightsFile.open(pathOf(location))
    try {
      const beginning = file.readBeginning()
      const format = formatOf(beginning)
      if (format === 'safetensors') return file
      const bytes = format ? readRegularFile(pathOf(location), 'weights file') : beginning
      file.close()
      return await bytes
    } catch (error) {
      file.close()
      throw error
    }
  })
}

/** A path unchanged, and a file: URL as an object, which Node's functions accept too. */
const pathOf = (location: string): string | URL => (location.startsWith('file:') ? new URL(location) : location)

async function unlessMissing<T>(location: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof Error) || error instanceof ResidualError) throw error
    if ('code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined
    throw new ModelError(`cannot read ${JSON.stringify(location)}: ${error.message}`)
  }
}
