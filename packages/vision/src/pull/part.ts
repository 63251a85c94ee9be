import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { hasEnded } from '#processes'

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
    const claimed = await takeAbandoned(target)
    if (claimed) return new Part(target, claimed)
    const own = ownFolder(target)
    await mkdir(own)
    await writeFile(join(own, 'bytes'), '')
    return new Part(target, own)
  }

  /** Removes what processes that were killed left of `target`, which is whole. What others work on is theirs to remove. */
  static async clean(target: string): Promise<void> {
    // The file is whole, so it does not matter if its folder cannot be written to.
    const left = await takeAbandoned(target).catch(() => undefined)
    if (left) await rm(left, { recursive: true, force: true }).catch(() => {})
  }

  /** Bytes that there are. */
  async size(): Promise<number> {
    return (await stat(join(this.#folder, 'bytes'))).size
  }

  /** What tells this version of the file from others: an ETag or a date. */
  async validator(): Promise<string | undefined> {
    return (await readFile(join(this.#folder, 'validator'), 'utf8').catch(() => '')) || undefined
  }

  /** Begins from the first byte, of a version with this validator. */
  async restart(validator = ''): Promise<void> {
    await truncate(join(this.#folder, 'bytes'))
    await writeFile(join(this.#folder, 'validator'), validator)
  }

  /** Opens the bytes for writing after those that there are. */
  async append(): Promise<FileHandle> {
    return open(join(this.#folder, 'bytes'), 'a')
  }

  /** The SHA-256 of the bytes. */
  async sha256(): Promise<string> {
    return sha256Of(join(this.#folder, 'bytes'))
  }

  /** Puts the bytes in the place of the file, in one step, replacing what is there. */
  async finish(): Promise<void> {
    const bytes = join(this.#folder, 'bytes')
    const file = await open(bytes, 'r+')
    await file.sync().finally(() => file.close())
    await rename(bytes, this.#target)
    await this.discard()
    await Part.clean(this.#target)
  }

  /** Leaves the bytes to the next who claims them. */
  async release(): Promise<void> {
    if ((await this.size()) === 0) await this.discard()
    else await rename(this.#folder, `${this.#target}.part`).catch(() => this.discard())
  }

  async discard(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** The name of a new part: its owner's name, and something that no other part of this process has. */
function ownFolder(target: string): string {
  const random = Math.random().toString(36).slice(2, 10)
  return `${target}.${hostName()}.${process.pid}.${random}.part`
}

function hostName(): string {
  return hostname().replace(/[^\w-]/g, '_')
}

/** Makes the parts of a file that nobody works on this process's own, and keeps of them the largest. */
async function takeAbandoned(target: string): Promise<string | undefined> {
  let kept: string | undefined
  for (const { touched, folder, size } of await abandonedParts(target)) {
    const own = ownFolder(target)
    // Touched first, so that nobody takes it for abandoned again.
    const isTaken = await touch(touched)
      .then(() => rename(folder, own))
      .then(
        () => true,
        () => false,
      )
    if (isTaken && !kept && size !== undefined) kept = own
    else if (isTaken) await rm(own, { recursive: true, force: true })
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
  const [directory, file, host] = [dirname(target), basename(target), hostName()]
  const found: AbandonedPart[] = []
  for (const name of await readdir(directory)) {
    const rest = name.startsWith(`${file}.`) ? name.slice(file.length) : ''
    // What an earlier version was about to remove ends in `.old`.
    if (!/\.part(\.old)?$/.test(rest)) continue
    const folder = join(directory, name)
    // Firefox, for one, has files of such names.
    const entries = await readdir(folder).catch(() => undefined)
    if (!entries?.every(entry => entry === 'bytes' || entry === 'validator')) continue
    const touched = entries.includes('bytes') ? join(folder, 'bytes') : folder
    const status = await stat(touched).catch(() => undefined)
    if (!status) continue
    const [, owner, pid] = rest.split('.')
    const isFree = rest === '.part' || (owner === host && (await hasEnded({ host: hostname(), pid: Number(pid) })))
    const size = touched === folder ? undefined : status.size
    if (isFree || Date.now() - status.mtimeMs > ABANDONED_AFTER) found.push({ folder, touched, size })
  }
  return found.sort((a, b) => (b.size ?? -1) - (a.size ?? -1))
}

async function touch(path: string): Promise<void> {
  await utimes(path, new Date(), new Date())
}

/** The SHA-256 of a file. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
