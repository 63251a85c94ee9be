import { type DownloadOptions, download, openDownload, urlOf } from '../download/index.ts'
import type { Opened } from '../source.ts'
import { DATA_SET, IMAGE } from './limits.ts'
import type { Listing } from './listing.ts'

/** Reads the whole file at a URL; a string is relative to the page. */
export async function readFrom(source: string | URL, options: DownloadOptions): Promise<Uint8Array> {
  return download(source, { ...options, ...IMAGE })
}

/** Opens a file at a URL as a stream of bytes. */
export async function openFrom(source: string | URL, options: DownloadOptions): Promise<Opened> {
  return openDownload(source, { ...options, ...DATA_SET })
}

/** Browsers see no folders. */
export async function folderAt(_source: string | URL): Promise<ReadonlyMap<string, string> | undefined> {
  return undefined
}

/** Returns a path in a form that also works in a worker: a path may be relative to the page. */
export function located(path: string): string {
  return urlOf(path).href
}

/** Browsers see no folders. */
export async function listFolder(_source: string | URL): Promise<Listing | undefined> {
  return undefined
}
