import { CheckpointError, ModelError } from './errors.ts'
import { WeightsFile } from './weights/index.ts'

/** Whether files are read by Node's own module; otherwise everything is fetched. */
const isNode = typeof process !== 'undefined' && process.versions?.node !== undefined

const isFetched = (location: string): boolean => !isNode || /^(https?|data|blob):/.test(location)

/** What is at a path or URL. */
export type Kind = 'file' | 'directory'

/**
 * Looks a path up; `undefined` where there is nothing. What is fetched cannot be looked up: there a name that ends like
 * those of weights is a file, any other a directory.
 */
export async function kindOf(location: string): Promise<Kind | undefined> {
  if (isFetched(location)) return /\.(safetensors|pth?|th|bin)([?#]|$)/.test(location) ? 'file' : 'directory'
  const { stat } = await import('node:fs/promises')
  const found = await unlessMissing(location, async () => stat(pathOf(location)))
  return found && (found.isDirectory() ? 'directory' : 'file')
}

/**
 * The bytes at a path or URL, `undefined` where there is nothing.
 * @throws ModelError where there is something that cannot be read.
 */
export async function readFileIfThere(location: string): Promise<Uint8Array | undefined> {
  if (isFetched(location)) {
    return unlessMissing(location, async () => {
      const response = await fetch(location)
      return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined
    })
  }
  const { readFile } = await import('node:fs/promises')
  return unlessMissing(location, async () => readFile(pathOf(location)))
}

/**
 * Opens a file of weights to be read where its weights are wanted; of a format that has to be read as a whole, and where
 * there is no file system, its bytes. `undefined` where there is nothing.
 * @throws ModelError where there is something that cannot be read.
 */
export async function openWeightsIfThere(location: string): Promise<WeightsFile | Uint8Array | undefined> {
  if (isFetched(location)) return readFileIfThere(location)
  const file = await unlessMissing(location, async () => WeightsFile.open(pathOf(location)))
  if (!file || file.isSafetensors) return file
  file.close()
  return readFileIfThere(location)
}

/**
 * Replaces a file by these bytes, or leaves it as it is: they go to a file beside it, which is brought to the disk and
 * then takes its name. Only where there is a file system.
 * @throws CheckpointError where they cannot be written, as on a full disk; nothing is left behind.
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const { open, rename, rm } = await fileSystem(path)
  const temporary = `${path}.tmp`
  try {
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncDirectory(directoryOf(path))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw unwritable(path, error, '; what was there is unchanged')
  }
}

/**
 * Appends bytes to a file, which is made where there is none, and brings them to the disk.
 * @throws CheckpointError where they cannot be written.
 */
export async function appendToFile(path: string, bytes: Uint8Array | string): Promise<void> {
  const { open } = await fileSystem(path)
  try {
    const file = await open(path, 'a')
    try {
      const isNew = (await file.stat()).size === 0
      await file.writeFile(bytes)
      await file.sync()
      if (isNew) await syncDirectory(directoryOf(path))
    } finally {
      await file.close()
    }
  } catch (error) {
    throw unwritable(path, error)
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

const directoryOf = (path: string): string => path.replace(/[^/\\]*$/, '') || '.'

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
    if (!(error instanceof Error)) throw error
    if ('code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined
    throw new ModelError(`cannot read ${JSON.stringify(location)}: ${error.message}`)
  }
}
