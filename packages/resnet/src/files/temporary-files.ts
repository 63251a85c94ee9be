import { readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { hasEnded } from '@residual/vision/processes'

/**
 * A new path in a directory, for a file that is written there before it takes the name of another. It says which process
 * it belongs to, and cannot be guessed.
 */
export function temporaryPath(directory: string): string {
  return `${directory}/.residual-${hostPart()}-${process.pid}-${crypto.randomUUID().slice(0, 8)}.tmp`
}

/** Removes what processes of this host left when they were killed before such a file took its name. */
export async function removeAbandoned(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => [])
  for (const name of names) {
    const [, owner, pid] = /^\.residual-(\w+)-(\d+)-[0-9a-f]{8}\.tmp$/.exec(name) ?? []
    if (owner !== hostPart() || !(await hasEnded({ host: hostname(), pid: Number(pid) }))) continue
    await rm(`${directory}/${name}`, { force: true }).catch(() => {})
  }
}

const hostPart = (): string => hostname().replace(/\W/g, '_') || 'host'
