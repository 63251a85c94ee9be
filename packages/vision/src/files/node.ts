import type { Stats } from 'node:fs'
import { constants, type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type DownloadOptions, download, openDownload } from '../download/index.ts'
import { VisionError } from '../errors.ts'
import { nameOf, type Opened } from '../source.ts'
import { DATA_SET, IMAGE, MAX_FILE_BYTES } from './limits.ts'
import type { Listing } from './listing.ts'

/**
 * Reads the whole file at a path or URL.
 * @throws VisionError if it cannot be read or is absurdly large.
 */
export async function readFrom(source: string | URL, options: DownloadOptions): Promise<Uint8Array> {
  const path = localPath(source)
  if (path === undefined) return download(source, { ...options, ...IMAGE })
  const { file, size } = await openFile(path)
  if (size > MAX_FILE_BYTES) {
    await file.close()
    throw tooLarge(path, `${size} bytes are`)
  }
  const chunks: Uint8Array[] = []
  let length = 0
  // Reads at most one byte more than allowed: a file may have more bytes than its size says, for example in /proc.
  const highWaterMark = Math.min(Math.max(size, 1 << 12), 1 << 20)
  try {
    for await (const chunk of file.createReadStream({ end: MAX_FILE_BYTES, highWaterMark })) {
      chunks.push(chunk)
      length += chunk.length
    }
  } catch (error) {
    throw unreadable(path, error)
  }
  if (length > MAX_FILE_BYTES) throw tooLarge(path, 'it has more bytes than it says,')
  return Buffer.concat(chunks)
}

/**
 * Opens a file as a stream of bytes.
 * @throws VisionError if it cannot be opened.
 */
export async function openFrom(source: string | URL, options: DownloadOptions): Promise<Opened> {
  const path = localPath(source)
  if (path === undefined) return openDownload(source, { ...options, ...DATA_SET })
  const { file, size } = await openFile(path)
  const stream = Readable.toWeb(file.createReadStream({ highWaterMark: 1 << 20 })) as ReadableStream<Uint8Array>
  return { stream, size }
}

/** The paths of the entries of a folder, by name; undefined for anything that is not a folder. */
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

/** Returns a path in a form that also works in a worker. */
export function located(path: string): string {
  return path
}

/** Lists a folder; undefined for anything that is not a folder on this machine. */
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

/** A link that leads nowhere is reported when it is read as a file. */
async function leadsToFolder(link: string): Promise<boolean> {
  const status = await stat(link).catch(() => undefined)
  return status?.isDirectory() ?? false
}

function localPath(source: string | URL): string | undefined {
  if (typeof source === 'string') return source
  return source.protocol === 'file:' ? fileURLToPath(source) : undefined
}

/**
 * Opens a file for reading. Refuses devices, pipes and sockets without waiting for them, because they may never end.
 * (@residual/resnet has the same function with other errors.)
 */
async function openFile(path: string): Promise<{ file: FileHandle; size: number }> {
  let file: FileHandle | undefined
  try {
    // Checked before opening, which may already affect a device, and afterwards, because it may be another file by
    // then.
    checkRegular(await stat(path), path)
    // Without O_NONBLOCK, which Windows does not have, opening a pipe waits until another process writes to it.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const status = await file.stat()
    checkRegular(status, path)
    return { file, size: status.size }
  } catch (error) {
    await file?.close()
    throw error instanceof VisionError ? error : unreadable(path, error)
  }
}

function checkRegular(status: Stats, path: string): void {
  if (status.isFile()) return
  const what = status.isDirectory() ? 'a folder' : 'a device or pipe'
  throw new VisionError(`${nameOf(path, path)}: is ${what}, wanted a file`)
}

function tooLarge(path: string, size: string): VisionError {
  return new VisionError(`${nameOf(path, path)}: ${size} more than the allowed ${MAX_FILE_BYTES} of an image file`)
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
