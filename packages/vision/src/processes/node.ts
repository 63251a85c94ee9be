import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { ProcessName } from './process-name.ts'

/** The process that this code runs in. */
export async function thisProcess(): Promise<ProcessName> {
  const { pid } = process
  return { host: hostname(), pid, started: (await statusOf(pid))?.started }
}

/** Whether a process has certainly ended. Nothing is certain about a process on another host. */
export async function hasEnded({ host, pid, started }: ProcessName): Promise<boolean> {
  if (host !== hostname()) return false
  if (!isRunning(pid)) return true
  const status = await statusOf(pid)
  if (!status) return false
  return status.isZombie || (started !== undefined && status.started !== started)
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // It is another user's process.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * The status that Linux provides in a file; undefined elsewhere. A zombie has ended, but its parent has not collected
 * it.
 */
async function statusOf(pid: number): Promise<{ isZombie: boolean; started: string } | undefined> {
  if (process.platform !== 'linux') return undefined
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  // The name of the program comes second, in parentheses, and may hold spaces and parentheses itself.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields && { isZombie: fields[0] === 'Z', started: fields[19] }
}
