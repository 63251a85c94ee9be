import { constants, lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { CheckpointError } from '../errors.ts'
import { removeAbandoned, temporaryPath } from './temporary-files.ts'
import type { Content } from './types.ts'

/**
 * Replaces a file completely or not at all: the bytes are written to a new file in the same directory and flushed to
 * the disk, and then the file is renamed. A link is replaced itself, not its target.
 * @throws CheckpointError if the file cannot be written, as on a full disk; no temporary file is left behind.
 */
export function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  return replaceFiles([[path, bytes]])
}

/**
 * Replaces each file completely or not at all: all bytes are written to new files in the same directories and flushed
 * to the disk, and then the files are renamed, one right after the other. A link is replaced itself, not its target.
 * @param inTurn calls the renames; it can wait for other processes first.
 * @throws CheckpointError if a file cannot be written, as on a full disk; no temporary file is left behind.
 */
export async function replaceFiles(
  files: readonly Content[],
  inTurn = (renames: () => Promise<void>): Promise<void> => renames(),
): Promise<void> {
  const temporaries: string[] = []
  let [at, replaced] = [files[0][0], 0]
  try {
    for (const directory of new Set(files.map(([path]) => directoryOf(path)))) await removeAbandoned(directory)
    for (const [path, bytes] of files) {
      at = path
      await refuseDevice(path)
      temporaries.push(temporaryPath(directoryOf(path)))
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
    // Without a directory there was no old file.
    const isKept = replaced === 0 && !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
    throw unwritable(at, error, isKept ? '; the old file is unchanged' : '')
  }
}

/**
 * Appends bytes to a file and flushes them to the disk. Creates the file if it does not exist.
 * @throws CheckpointError if they cannot be written, or if the path is a link or a device.
 */
export async function appendToFile(path: string, bytes: Uint8Array | string): Promise<void> {
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

/** Creates a directory and its parents if they do not exist. */
export async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch(error => Promise.reject(unwritable(path, error)))
}

const directoryOf = (path: string): string => path.replace(/[^/\\]*$/, '').replace(/(?<=.)[/\\]$/, '') || '.'

/** Writes a new file. It must not exist, and a link with its name is not followed. */
async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Refuses to replace a device or pipe, because somebody uses it. */
async function refuseDevice(path: string): Promise<void> {
  const status = await lstat(path).catch(() => undefined)
  if (!status || status.isFile() || status.isDirectory() || status.isSymbolicLink()) return
  throw new CheckpointError(`${JSON.stringify(path)} is a device or pipe, wanted a file`)
}

/** Flushes the names in a directory to the disk. Windows cannot do this. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
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
  ENOTDIR: 'a part of the path is not a directory',
  EEXIST: 'there is a file with that name',
  EISDIR: 'there is a directory with that name',
  ELOOP: 'it is a link, wanted a file',
}

/** The error for a file that cannot be written, with the reason in words if the code is known. */
export function unwritable(path: string, error: unknown, then = ''): CheckpointError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return new CheckpointError(`cannot write ${JSON.stringify(path)}: ${REASONS[code] ?? code}${then}`, { cause: error })
}
