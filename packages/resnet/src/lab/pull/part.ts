type FileHandle = import('node:fs/promises').FileHandle

/** What Node's file system and paths are called here; they are not imported statically, since browsers have none. */
async function modules() {
  const [fs, os, path] = await Promise.all([import('node:fs/promises'), import('node:os'), import('node:path')])
  return { fs, os, path }
}

/** A part of another machine, or of a process whose number is used again, is given up when it has not grown so long. */
const ABANDONED_AFTER = 15 * 60 * 1000

/**
 * A file that is not whole yet: a folder beside the place of the file, with the bytes that there are and with what the
 * server called that version of the file. A process makes a folder its own by renaming it, which succeeds for one only,
 * so two downloads never write to the same bytes. What a process leaves when it is killed is taken over by the next.
 */
export class Part {
  readonly #target: string
  readonly #folder: string

  private constructor(target: string, folder: string) {
    this.#target = target
    this.#folder = folder
  }

  /** Takes over the largest part of `target` that belongs to nobody, or begins one. Its folder must exist. */
  static async claim(target: string): Promise<Part> {
    const { fs, os, path } = await modules()
    const host = os.hostname().replace(/[^\w-]/g, '_')
    const random = Math.random().toString(36).slice(2, 10)
    const own = `${target}.${host}.${process.pid}.${random}.part`
    let claimed: Part | undefined
    for (const { folder } of await abandonedParts(target, host)) {
      const taken = claimed ? `${own}.old` : own
      // Touched first, so that nobody takes it for abandoned again.
      const isTaken = await touch(path.join(folder, 'bytes'))
        .then(() => fs.rename(folder, taken))
        .then(
          () => true,
          () => false,
        )
      if (isTaken && claimed) await fs.rm(taken, { recursive: true, force: true })
      else if (isTaken) claimed = new Part(target, own)
    }
    if (claimed) return claimed
    await fs.mkdir(own)
    await fs.writeFile(path.join(own, 'bytes'), '')
    return new Part(target, own)
  }

  /** Bytes that there are. */
  async size(): Promise<number> {
    const { fs, path } = await modules()
    return (await fs.stat(path.join(this.#folder, 'bytes'))).size
  }

  /** What tells this version of the file from others: an ETag or a date. */
  async validator(): Promise<string | undefined> {
    const { fs, path } = await modules()
    return (await fs.readFile(path.join(this.#folder, 'validator'), 'utf8').catch(() => '')) || undefined
  }

  /** Begins from the first byte, of a version with this validator. */
  async restart(validator = ''): Promise<void> {
    const { fs, path } = await modules()
    await fs.truncate(path.join(this.#folder, 'bytes'))
    await fs.writeFile(path.join(this.#folder, 'validator'), validator)
  }

  /** Opens the bytes for writing behind those that there are. */
  async append(): Promise<FileHandle> {
    const { fs, path } = await modules()
    return fs.open(path.join(this.#folder, 'bytes'), 'a')
  }

  /** The SHA-256 of the bytes. */
  async sha256(): Promise<string> {
    const { path } = await modules()
    return sha256Of(path.join(this.#folder, 'bytes'))
  }

  /** Puts the bytes in the place of the file, in one step, replacing what is there. */
  async finish(): Promise<void> {
    const { fs, path } = await modules()
    const bytes = path.join(this.#folder, 'bytes')
    const file = await fs.open(bytes, 'r+')
    await file.sync().finally(() => file.close())
    await fs.rename(bytes, this.#target)
    await this.discard()
  }

  /** Leaves the bytes to the next who claims them. */
  async release(): Promise<void> {
    const { fs } = await modules()
    if ((await this.size()) === 0) await this.discard()
    else await fs.rename(this.#folder, `${this.#target}.part`).catch(() => this.discard())
  }

  async discard(): Promise<void> {
    const { fs } = await modules()
    await fs.rm(this.#folder, { recursive: true, force: true })
  }
}

/** The parts of a file that nobody works on, the largest first. */
async function abandonedParts(target: string, host: string): Promise<{ folder: string; size: number }[]> {
  const { fs, path } = await modules()
  const [directory, file] = [path.dirname(target), path.basename(target)]
  const found: { folder: string; size: number }[] = []
  for (const name of await fs.readdir(directory)) {
    if (!name.startsWith(`${file}.`) || !name.endsWith('.part')) continue
    const folder = path.join(directory, name)
    const status = await fs.stat(path.join(folder, 'bytes')).catch(() => undefined)
    if (!status) continue
    const [owner, pid] = name.slice(file.length + 1, -'.part'.length).split('.')
    const isFree = name === `${file}.part` || (owner === host && !isRunning(Number(pid)))
    if (isFree || Date.now() - status.mtimeMs > ABANDONED_AFTER) found.push({ folder, size: status.size })
  }
  return found.sort((a, b) => b.size - a.size)
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Somebody else's process.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function touch(path: string): Promise<void> {
  const { fs } = await modules()
  await fs.utimes(path, new Date(), new Date())
}

/** The SHA-256 of a file. */
export async function sha256Of(path: string): Promise<string> {
  const [{ createHash }, { createReadStream }] = await Promise.all([import('node:crypto'), import('node:fs')])
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
