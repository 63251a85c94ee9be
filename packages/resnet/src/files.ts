import { ResidualError } from '@residual/core'
import type { DownloadOptions } from '@residual/vision'
import { CheckpointError, ModelError } from './errors.ts'
import { fetchIfThere, isFetched, isNode, isOneFile } from './fetched-files.ts'
import { type FileKind, readRegularFile } from './regular-file.ts'
import { removeAbandoned, temporaryPath } from './temporary-files.ts'
import { checkFormat, WeightsFile } from './weights/index.ts'

/** Configs at URLs. */
const CONFIG = { limit: 2 ** 24, what: 'a config' }
/** Weights at URLs, which are kept in memory: Node 20 has no longer array. */
const WEIGHTS = { limit: 2 ** 32, what: 'a file of weights', check: checkFormat }

/** What is at a path or URL. */
export type Kind = 'file' | 'directory'

/**
 * Looks a path up; `undefined` where there is nothing. What is fetched cannot be looked up: there a name that ends like
 * those of weights is a file, any other a directory.
 */
export async function kindOf(location: string): Promise<Kind | undefined> {
  if (isFetched(location)) return isOneFile(location) ? 'file' : 'directory'
  const { stat } = await import('node:fs/promises')
  const found = await unlessMissing(location, async () => stat(pathOf(location)))
  return found && (found.isDirectory() ? 'directory' : 'file')
}

/**
 * The bytes at a path or URL, `undefined` where there is nothing.
 * @throws ModelError where there is something that cannot be read: a device, a directory, or more than a file of this kind
 *   may have.
 */
export async function readFileIfThere(
  location: string,
  kind: FileKind,
  options?: DownloadOptions,
): Promise<Uint8Array | undefined> {
  if (isFetched(location)) return fetchIfThere(location, CONFIG, options)
  return unlessMissing(location, () => readRegularFile(pathOf(location), kind))
}

/**
 * Opens a file of weights to be read where its weights are wanted; of a format that has to be read as a whole, and where
 * there is no file system, its bytes. `undefined` where there is nothing. If a file holds no weights, only its beginning is
 * returned, which is enough to tell what it is.
 * @throws ModelError as {@link readFileIfThere} does.
 */
export async function openWeightsIfThere(
  location: string,
  options?: DownloadOptions,
): Promise<WeightsFile | Uint8Array | undefined> {
  if (isFetched(location)) return fetchIfThere(location, WEIGHTS, options)
  return unlessMissing(location, async () => {
    const file = await WeightsFile.open(pathOf(location))
    try {
      const format = file.format
      if (format === 'safetensors') return file
      const bytes = format ? readRegularFile(pathOf(location), 'weights file') : file.beginning()
      file.close()
      return await bytes
    } catch (error) {
      file.close()
      throw error
    }
  })
}

/** A file, and what is to be in it. */
export type Content = readonly [path: string, bytes: Uint8Array]

/** Replaces a file as {@link replaceFiles} does. */
export function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  return replaceFiles([[path, bytes]])
}

/**
 * Replaces files by these bytes, or leaves them as they are: all go to new files beside them, which are brought to the disk
 * and then take the names, one right after the other. A link is replaced, and not what it leads to. Only where there is a
 * file system.
 * @param inTurn renames, where others have to be waited for.
 * @throws CheckpointError where they cannot be written, as on a full disk; nothing is left behind.
 */
export async function replaceFiles(
  files: readonly Content[],
  inTurn = (rename: () => Promise<void>): Promise<void> => rename(),
): Promise<void> {
  const { rename, rm } = await fileSystem(files[0][0])
  const temporaries: string[] = []
  let [at, replaced] = [files[0][0], 0]
  try {
    for (const directory of new Set(files.map(([path]) => directoryOf(path)))) await removeAbandoned(directory)
    for (const [path, bytes] of files) {
      at = path
      await refuseDevice(path)
      temporaries.push(await temporaryPath(directoryOf(path)))
      await writeNew(temporaries[temporaries.length - 1], bytes)
    }
    await inTurn(async () => {
      for (const [path] of files) {
        at = path
        await rename(temporaries[replaced], path)
        replaced++
      }
    })
    for (const directory of new Set(files.map(([path]) => directoryOf(path)))) await syncDirectory(directory)
  } catch (error) {
    for (const path of temporaries) await rm(path, { force: true }).catch(() => {})
    if (error instanceof CheckpointError) throw error
    // Where there is no directory nothing was there.
    const isKept = replaced === 0 && !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
    throw unwritable(at, error, isKept ? '; what was there is unchanged' : '')
  }
}

/**
 * Appends bytes to a file and flushes them to the disk. Creates the file if it does not exist.
 * @throws CheckpointError where they cannot be written, and for a link or a device.
 */
export async function appendToFile(path: string, bytes: Uint8Array | string): Promise<void> {
  const { constants, open } = await fileSystem(path)
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants
  try {
    await refuseDevice(path)
    const file = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOFOLLOW)
    try {
      const isNew = (await file.stat()).size === 0
      await file.writeFile(bytes)
      await file.sync()
      if (isNew) await syncDirectory(directoryOf(path))
    } finally {
      await file.close()
    }
  } catch (error) {
    throw error instanceof CheckpointError ? error : unwritable(path, error)
  }
}

/** Makes a directory, and those it is in, where there is none. */
export async function makeDirectory(path: string): Promise<void> {
  const { mkdir } = await fileSystem(path)
  await mkdir(path, { recursive: true }).catch(error => Promise.reject(unwritable(path, error)))
}

async function fileSystem(path: string): Promise<typeof import('node:fs/promises')> {
  if (!isNode) throw new CheckpointError(`cannot write ${JSON.stringify(path)}: there is no file system here`)
  return import('node:fs/promises')
}

const directoryOf = (path: string): string => path.replace(/[^/\\]*$/, '').replace(/(?<=.)[/\\]$/, '') || '.'

/** Writes a file that is not there yet; a link that took its name is not followed. */
async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const { open } = await fileSystem(path)
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A device or pipe that has the name of a file is somebody's, and no place for one. */
async function refuseDevice(path: string): Promise<void> {
  const { lstat } = await fileSystem(path)
  const status = await lstat(path).catch(() => undefined)
  if (!status || status.isFile() || status.isDirectory() || status.isSymbolicLink()) return
  throw new CheckpointError(`${JSON.stringify(path)} is a device or pipe, wanted a file`)
}

/** Brings to the disk that a file in it is new or has another name; Windows has no such thing. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const { open } = await fileSystem(path)
  const directory = await open(path, 'r')
  await directory.sync().finally(() => directory.close())
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the quota of the disk is used up',
  EFBIG: 'the file would be larger than is allowed',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk is read-only',
  ENOENT: 'there is no such directory',
  ENOTDIR: 'a part of the path is no directory',
  EEXIST: 'there is a file of that name',
  EISDIR: 'there is a directory of that name',
  ELOOP: 'it is a link, wanted a file',
}

/** The error for what could not be written, in words where they are known. */
export function unwritable(path: string, error: unknown, then = ''): CheckpointError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return new CheckpointError(`cannot write ${JSON.stringify(path)}: ${REASONS[code] ?? code}${then}`, { cause: error })
}

/** A path as it is, a file: URL as an object, which Node's functions take as well. */
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
