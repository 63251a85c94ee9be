import type { Opened } from '../source.ts'
import { openUrl, readUrl } from './url.ts'

/** The whole file at a URL; a string is taken relative to the page. */
export function readFrom(source: string | URL): Promise<Uint8Array> {
  return readUrl(new URL(source, globalThis.location?.href))
}

/** The bytes of a file as they come. */
export function openFrom(source: string | URL): Promise<Opened> {
  return openUrl(new URL(source, globalThis.location?.href))
}

/** Browsers see no folders. */
export async function folderAt(_source: string | URL): Promise<ReadonlyMap<string, string> | undefined> {
  return undefined
}
