import { lstatSync, readFileSync, rmSync } from 'node:fs'
import { constants, lstat, open, rm } from 'node:fs/promises'
import { hasEnded, type ProcessName, thisProcess } from '@residual/vision/processes'
import type { Lock, LockOptions } from './types.ts'
import { unwritable } from './write.ts'

/** The content of a lock file: its owner, and an id that distinguishes several locks of one process. */
interface Owner extends ProcessName {
  readonly id: string
}

/** Milliseconds between two looks at a lock that another process holds. */
const INTERVAL = 20

/** Milliseconds in which another process removes an abandoned lock. */
const CLEARED_AFTER = 1000

/** After this many milliseconds, a lock file without an owner counts as left by a process that ended while it wrote. */
const NAMELESS_AFTER = 10_000

/**
 * Takes a lock: creates a file that names this process, which only one process can do. A lock is released when its
 * process exits. A killed process leaves the file behind, and another process takes it over. The lock of a process on
 * another host is never taken over, since nobody can tell whether that process still runs.
 *
 * @param path the path of the lock file; its directory must exist.
 * @throws the error of `refuse` if another process holds the lock; CheckpointError if the file cannot be written.
 */
export async function takeLock(path: string, { refuse, patience = 0 }: LockOptions): Promise<Lock> {
  const own: Owner = { ...(await thisProcess()), id: randomId() }
  const end = Date.now() + patience
  for (;;) {
    if (await create(path, own)) return held(path, own)
    const found = await look(path)
    if (found === 'nothing') continue
    const mayBeCleared = await isAbandoned(found)
    if (mayBeCleared && (await clear(path, found))) continue
    if (Date.now() >= end + (mayBeCleared ? CLEARED_AFTER : 0)) throw refuse(shown(found.owner))
    await new Promise(resolve => setTimeout(resolve, INTERVAL))
  }
}

const randomId = (): string => crypto.randomUUID().slice(0, 8)

/** Creates the lock file. @returns false if another process has created it. */
async function create(path: string, owner: Owner): Promise<boolean> {
  try {
    const file = await open(path, 'wx')
    try {
      await file.writeFile(`${JSON.stringify(owner)}\n`)
    } catch (error) {
      await rm(path, { force: true })
      throw error
    } finally {
      await file.close()
    }
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw unwritable(path, error)
  }
  // If this process was suspended between opening and writing, another may have taken it for ended.
  const found = await look(path)
  return found !== 'nothing' && found.owner?.id === owner.id
}

/** Functions that remove the locks of this process. */
const releases = new Set<() => void>()

function releaseAll(): void {
  for (const release of releases) release()
}

function held(path: string, own: Owner): Lock {
  const release = () => {
    if (!releases.delete(release)) return
    try {
      if (lstatSync(path).isFile() && ownerIn(readFileSync(path, 'utf8'))?.id === own.id) rmSync(path, { force: true })
    } catch {
      // The directory was removed or is no longer writable.
    }
  }
  if (!process.listeners('exit').includes(releaseAll)) process.on('exit', releaseAll)
  releases.add(release)
  return { release: async () => release() }
}

/** An existing lock file: its owner, and the time of its last change. */
interface Found {
  readonly owner: Owner | undefined
  readonly changed: number
}

async function look(path: string): Promise<Found | 'nothing'> {
  try {
    const status = await lstat(path)
    if (!status.isFile()) return { owner: undefined, changed: Number.POSITIVE_INFINITY }
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1024), 0, 1024, 0).finally(() => file.close())
    return { owner: ownerIn(buffer.toString('utf8', 0, bytesRead)), changed: status.mtimeMs }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'nothing'
    throw unwritable(path, error)
  }
}

function ownerIn(text: string): Owner | undefined {
  try {
    const { host, pid, started, id } = JSON.parse(text)
    const isWhole = typeof host === 'string' && Number.isInteger(pid) && pid > 0 && /^[0-9a-f]{8}$/.test(id)
    return isWhole ? { host, pid, ...(typeof started === 'string' && { started }), id } : undefined
  } catch {
    return undefined
  }
}

const isAbandoned = async ({ owner, changed }: Found): Promise<boolean> =>
  owner ? hasEnded(owner) : Date.now() - changed > NAMELESS_AFTER

/**
 * Removes an abandoned lock. This needs a second lock, since without it another process could have replaced the file
 * before it is removed. An abandoned lock can only be removed, so it does not change under the second lock.
 * @returns false if another process is removing it.
 */
async function clear(path: string, { owner }: Found): Promise<boolean> {
  const busy = new Error('another clears it')
  const refuse = () => busy
  const clearing = await takeLock(`${path}.${owner?.id ?? 'nameless'}`, { refuse }).catch(error => {
    if (error !== busy) throw error
  })
  if (!clearing) return false
  try {
    const found = await look(path)
    if (found !== 'nothing' && found.owner?.id === owner?.id && (await isAbandoned(found))) await rm(path)
  } catch (error) {
    throw unwritable(path, error)
  } finally {
    await clearing.release()
  }
  return true
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

const shown = (owner: Owner | undefined): string =>
  owner ? `process ${owner.pid} on host ${JSON.stringify(owner.host)}` : 'an unknown process'
