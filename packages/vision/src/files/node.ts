import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type DownloadOptions, download, openDownload } from '../download/index.ts'
import { VisionError } from '../errors.ts'
import { nameOf, type Opened } from '../source.ts'
import { DATA_SET, MAX_FILE_BYTES, PICTURE } from './limits.ts'
import type { Listing } from './listing.ts'

/** The whole file at a path or URL. @throws VisionError where it cannot be read or is absurdly large. */
export async function readFrom(source: string | URL, options: DownloadOptions): Promise<Uint8Array> {
  const path = localPath(source)
  if (path === undefined) return download(source, { ...options, ...PICTURE })
  const { size } = await fileAt(path)
  const name = nameOf(path, path)
  if (size > MAX_FILE_BYTES) {
    throw new VisionError(`${name}: ${size} bytes are more than the allowed ${MAX_FILE_BYTES} of a picture file`)
  }
  return readFile(path).catch(error => Promise.reject(unreadable(path, error)))
}

/** The bytes of a file as they come. @throws VisionError where it cannot be opened. */
export async function openFrom(source: string | URL, options: DownloadOptions): Promise<Opened> {
  const path = localPath(source)
  if (path === undefined) return openDownload(source, { ...options, ...DATA_SET })
  const { size } = await fileAt(path)
  const stream = Readable.toWeb(createReadStream(path, { highWaterMark: 1 << 20 })) as ReadableStream<Uint8Array>
  return { stream, size }
}

/** The paths of what a folder holds, by file name; undefined for anything that is no folder. */
export async function folderAt(source: string | URL): Promise<ReadonlyMap<string, string> | undefined> {
  const path = localPath(source)
  if (path === undefined) return undefined
  try {
    if (!(await stat(path)).isDirectory()) return undefined
    return new Map((await readdir(path)).map(name => [name, `${path.replace(/\/$/, '')}/${name}`]))
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** What a path means wherever it is read. */
export function located(path: string): string {
  return path
}

/** What a folder holds; undefined for anything that is no folder on this machine. */
export async function listFolder(source: string | URL): Promise<Listing | undefined> {
  const path = localPath(source)?.replace(/(?<=.)\/+$/, '')
  if (path === undefined) return undefined
  try {
    if (!(await stat(path)).isDirectory()) return undefined
    const listing = { path, folders: [] as string[], links: [] as string[], files: [] as string[] }
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue
      if (entry.isDirectory()) listing.folders.push(entry.name)
      else if (entry.isSymbolicLink() && (await leadsToFolder(`${path}/${entry.name}`))) listing.links.push(entry.name)
      else listing.files.push(entry.name)
    }
    for (const names of [listing.folders, listing.links, listing.files]) names.sort()
    return listing
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** Where a link leads nowhere, that is told when it is read as a file. */
async function leadsToFolder(link: string): Promise<boolean> {
  const status = await stat(link).catch(() => undefined)
  return status?.isDirectory() ?? false
}

function localPath(source: string | URL): string | undefined {
  if (typeof source === 'string') return source
  return source.protocol === 'file:' ? fileURLToPath(source) : undefined
}

/** Devices and pipes are refused, since they may never end. */
async function fileAt(path: string): Promise<{ size: number }> {
  const status = await stat(path).catch(error => Promise.reject(unreadable(path, error)))
  if (status.isDirectory()) throw new VisionError(`${nameOf(path, path)}: is a folder, wanted a file`)
  if (!status.isFile()) throw new VisionError(`${nameOf(path, path)}: is a device or pipe, wanted a file`)
  return status
}

const REASONS: Record<string, string> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
}

function unreadable(path: string, error: unknown): VisionError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  return new VisionError(`${nameOf(path, path)}: ${REASONS[code] ?? `cannot be read (${code})`}`, { cause: error })
}
