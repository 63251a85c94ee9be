import { hasEnded } from '../files/processes.ts'

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
    const { fs, path } = await modules()
    const claimed = await takeAbandoned(target)
    if (claimed) return new Part(target, claimed)
    const own = await ownFolder(target)
    await fs.mkdir(own)
    await fs.writeFile(path.join(own, 'bytes'), '')
    return new Part(target, own)
  }

  /** Removes what processes that were killed left of `target`, which is whole. What others work on is theirs to remove. */
  static async clean(target: string): Promise<void> {
    const { fs } = await modules()
    // The file is whole, so it does not matter if its folder cannot be written to.
    const left = await takeAbandoned(target).catch(() => undefined)
    if (left) await fs.rm(left, { recursive: true, force: true }).catch(() => {})
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
    await Part.clean(this.#target)
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

/** The name of a new part: that of its owner, and something that no other part of this process has. */
async function ownFolder(target: string): Promise<string> {
  const random = Math.random().toString(36).slice(2, 10)
  return `${target}.${await hostName()}.${process.pid}.${random}.part`
}

async function hostName(): Promise<string> {
  const { os } = await modules()
  return os.hostname().replace(/[^\w-]/g, '_')
}

/** Makes the parts of a file that nobody works on this process's own, and keeps of them the largest. */
async function takeAbandoned(target: string): Promise<string | undefined> {
  const { fs } = await modules()
  let kept: string | undefined
  for (const { touched, folder, size } of await abandonedParts(target)) {
    const own = await ownFolder(target)
    // Touched first, so that nobody takes it for abandoned again.
    const isTaken = await touch(touched)
      .then(() => fs.rename(folder, own))
      .then(
        () => true,
        () => false,
      )
    if (isTaken && !kept && size !== undefined) kept = own
    else if (isTaken) await fs.rm(own, { recursive: true, force: true })
  }
  return kept
}

/** A folder of a part; killed at its beginning or end, a process leaves one without bytes. */
interface AbandonedPart {
  readonly folder: string
  readonly size: number | undefined
  /** What tells when it was last worked on. */
  readonly touched: string
}

/** The parts of a file that nobody works on, the largest first. */
async function abandonedParts(target: string): Promise<AbandonedPart[]> {
  const { fs, os, path } = await modules()
  const [directory, file, host] = [path.dirname(target), path.basename(target), await hostName()]
  const found: AbandonedPart[] = []
  for (const name of await fs.readdir(directory)) {
    const rest = name.startsWith(`${file}.`) ? name.slice(file.length) : ''
    // What an earlier version was about to remove ends in `.old`.
    if (!/\.part(\.old)?$/.test(rest)) continue
    const folder = path.join(directory, name)
    // Firefox, for one, has files of such names.
    const entries = await fs.readdir(folder).catch(() => undefined)
    if (!entries?.every(entry => entry === 'bytes' || entry === 'validator')) continue
    const touched = entries.includes('bytes') ? path.join(folder, 'bytes') : folder
    const status = await fs.stat(touched).catch(() => undefined)
    if (!status) continue
    const [, owner, pid] = rest.split('.')
    const isFree = rest === '.part' || (owner === host && (await hasEnded({ host: os.hostname(), pid: Number(pid) })))
    const size = touched === folder ? undefined : status.size
    if (isFree || Date.now() - status.mtimeMs > ABANDONED_AFTER) found.push({ folder, touched, size })
  }
  return found.sort((a, b) => (b.size ?? -1) - (a.size ?? -1))
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
