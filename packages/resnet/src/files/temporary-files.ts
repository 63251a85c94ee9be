import { readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { hasEnded } from '@residual/vision/processes'

/**
 * A new path in a directory for a file that is written first and renamed afterwards. It names the process that the file
 * belongs to, and it cannot be guessed.
 */
export function temporaryPath(directory: string): string {
  return `${directory}/.residual-${hostPart()}-${process.pid}-${crypto.randomUUID().slice(0, 8)}.tmp`
}

/** Removes temporary files of processes of this host that were killed before they renamed them. */
export async function removeAbandoned(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => [])
  for (const name of names) {
    const [, owner, pid] = /^\.residual-(\w+)-(\d+)-[0-9a-f]{8}\.tmp$/.exec(name) ?? []
    if (owner !== hostPart() || !(await hasEnded({ host: hostname(), pid: Number(pid) }))) continue
    await rm(`${directory}/${name}`, { force: true }).catch(() => {})
  }
}

const hostPart = (): string => hostname().replace(/\W/g, '_') || 'host'
