// Without a file system, everything is fetched and nothing can be written.

import type { DownloadOptions } from '@residual/vision'
import { CheckpointError } from '../errors.ts'
import type { WeightsFile } from '../weights/index.ts'
import { fetchConfig, fetchWeights, type Kind, kindOfUrl } from './fetched-files.ts'
import type { Content, FileKind, Lock, LockOptions } from './types.ts'

/** Whether a location is fetched. In browsers everything is, since strings are URLs relative to the page. */
export const isFetched = (_location: string): boolean => true

export async function kindOf(location: string): Promise<Kind | undefined> {
  return kindOfUrl(location)
}

export async function readFileIfThere(
  location: string,
  _kind: FileKind,
  options?: DownloadOptions,
): Promise<Uint8Array | undefined> {
  return fetchConfig(location, options)
}

export async function openWeightsIfThere(
  location: string,
  options?: DownloadOptions,
): Promise<WeightsFile | Uint8Array | undefined> {
  return fetchWeights(location, options)
}

/** @throws CheckpointError always, like all functions here that write. */
export async function replaceFile(path: string, _bytes: Uint8Array): Promise<void> {
  throw unwritable(path)
}

export async function replaceFiles([[path]]: readonly Content[]): Promise<void> {
  throw unwritable(path)
}

export async function appendToFile(path: string, _bytes: Uint8Array | string): Promise<void> {
  throw unwritable(path)
}

export async function makeDirectory(path: string): Promise<void> {
  throw unwritable(path)
}

export async function takeLock(path: string, _options: LockOptions): Promise<Lock> {
  throw unwritable(path)
}

const unwritable = (path: string) =>
  new CheckpointError(`cannot write ${JSON.stringify(path)}: there is no file system here`)
