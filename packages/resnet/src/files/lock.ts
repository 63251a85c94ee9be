import { lstatSync, readFileSync, rmSync } from 'node:fs'
import { constants, lstat, open, rm } from 'node:fs/promises'
import { hasEnded, type ProcessName, thisProcess } from '@residual/vision/processes'
import type { Lock, LockOptions } from './types.ts'
import { unwritable } from './write.ts'

/** What a lock file says: its owner, and a number that tells one lock from another of the same process. */
interface Owner extends ProcessName {
  readonly id: string
}

/** Milliseconds between two looks at a lock that another has. */
const INTERVAL = 20

/** Milliseconds in which another clears an abandoned lock away. */
const CLEARED_AFTER = 1000

/** Milliseconds after which a lock file that names no owner was left by a process that ended while it wrote the name. */
const NAMELESS_AFTER = 10_000

/**
 * Takes a lock: makes a file that names this process, which succeeds for one process only. The lock of a process that has
 * ended is taken over. The lock of a process on another host is not, since nobody can tell whether that process still runs.
 * A lock is released when its process exits; a killed process leaves the file, which another takes over.
 *
 * @param path of the lock file, in a folder that exists.
 * @throws the error of `refuse` if another process has it; CheckpointError if the file cannot be written.
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

/** @returns false if the file exists already. */
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
  // A process that stood still for long between the two may have been taken for one that had ended.
  const found = await look(path)
  return found !== 'nothing' && found.owner?.id === owner.id
}

/** What removes each lock that this process has. */
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
      // The folder was removed, or is not to be written to any more.
    }
  }
  if (!process.listeners('exit').includes(releaseAll)) process.on('exit', releaseAll)
  releases.add(release)
  return { release: async () => release() }
}

/** A lock file that was there, and whom it names. */
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
 * Removes an abandoned lock. Who does so needs a lock of its own, since the file could be another's by the time it is
 * removed: an abandoned lock can only be removed, so that under the second lock it stays what it was when looked at.
 * @returns false where another is about to remove it.
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
  owner ? `process ${owner.pid} on host ${JSON.stringify(owner.host)}` : 'a process that is not named'
