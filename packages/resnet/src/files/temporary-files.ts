import { hasEnded } from '@residual/vision/processes'

/**
 * A new path in a directory, for a file that is written there before it takes the name of another. It says which process
 * it belongs to, and cannot be guessed.
 */
export async function temporaryPath(directory: string): Promise<string> {
  return `${directory}/.residual-${await hostPart()}-${process.pid}-${crypto.randomUUID().slice(0, 8)}.tmp`
}

/** Removes what processes of this host left when they were killed before such a file took its name. */
export async function removeAbandoned(directory: string): Promise<void> {
  const [{ readdir, rm }, { hostname }, host] = await Promise.all([
    import('node:fs/promises'),
    import('node:os'),
    hostPart(),
  ])
  const names = await readdir(directory).catch(() => [])
  for (const name of names) {
    const [, owner, pid] = /^\.residual-(\w+)-(\d+)-[0-9a-f]{8}\.tmp$/.exec(name) ?? []
    if (owner !== host || !(await hasEnded({ host: hostname(), pid: Number(pid) }))) continue
    await rm(`${directory}/${name}`, { force: true }).catch(() => {})
  }
}

async function hostPart(): Promise<string> {
  const { hostname } = await import('node:os')
  return hostname().replace(/\W/g, '_') || 'host'
}
