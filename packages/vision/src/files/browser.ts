import { VisionError } from '../errors.ts'
import { nameOf, type Opened } from '../source.ts'
import type { Listing } from './listing.ts'
import { openUrl, readUrl } from './url.ts'

/** The whole file at a URL; a string is taken relative to the page. */
export async function readFrom(source: string | URL): Promise<Uint8Array> {
  return readUrl(absolute(source))
}

/** The bytes of a file as they come. */
export async function openFrom(source: string | URL): Promise<Opened> {
  return openUrl(absolute(source))
}

/** Browsers see no folders. */
export async function folderAt(_source: string | URL): Promise<ReadonlyMap<string, string> | undefined> {
  return undefined
}

/** What a path means wherever it is read: it may be relative to the page. */
export function located(path: string): string {
  return absolute(path).href
}

/** Browsers see no folders. */
export async function listFolder(_source: string | URL): Promise<Listing | undefined> {
  return undefined
}

function absolute(source: string | URL): URL {
  try {
    return new URL(source, globalThis.location?.href)
  } catch (error) {
    throw new VisionError(`${nameOf(source, '')}: is no URL`, { cause: error })
  }
}
