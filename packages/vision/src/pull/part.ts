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

/** A part from another machine, or from a process whose number is in use again, counts as abandoned after this time. */
const ABANDONED_AFTER = 15 * 60 * 1000

/**
 * A file that is not complete yet: a folder next to the path of the file, with the bytes so far and the server's
 * validator of that version of the file. A process takes over a folder by renaming it, which only one process can do,
 * so two downloads never write to the same bytes. The next process takes over the part of a process that was killed.
 */
export class Part {
  readonly #target: string
  readonly #folder: string

  private constructor(target: string, folder: string) {
    this.#target = target
    this.#folder = folder
  }

  /** Takes over the largest abandoned part of `target`, or begins a new one. The folder of `target` must exist. */
  static async claim(target: string): Promise<Part> {
    const claimed = await takeAbandoned(target)
    if (claimed) return new Part(target, claimed)
    const own = ownFolder(target)
    await mkdir(own)
    await writeFile(join(own, 'bytes'), '')
    return new Part(target, own)
  }

  /** Removes abandoned parts of `target`, which is complete. Running processes remove their own parts. */
  static async clean(target: string): Promise<void> {
    // The file is complete, so it does not matter if its folder cannot be written to.
    const left = await takeAbandoned(target).catch(() => undefined)
    if (left) await rm(left, { recursive: true, force: true }).catch(() => {})
  }

  /** The number of bytes so far. */
  async size(): Promise<number> {
    return (await stat(join(this.#folder, 'bytes'))).size
  }

  /** The ETag or date that distinguishes this version of the file from others. */
  async validator(): Promise<string | undefined> {
    return (await readFile(join(this.#folder, 'validator'), 'utf8').catch(() => '')) || undefined
  }

  /** Restarts from the first byte, for the version with this validator. */
  async restart(validator = ''): Promise<void> {
    await truncate(join(this.#folder, 'bytes'))
    await writeFile(join(this.#folder, 'validator'), validator)
  }

  /** Opens the part for appending bytes. */
  async append(): Promise<FileHandle> {
    return open(join(this.#folder, 'bytes'), 'a')
  }

  /** The SHA-256 of the bytes so far. */
  async sha256(): Promise<string> {
    return sha256Of(join(this.#folder, 'bytes'))
  }

  /** Moves the bytes to the path of the file in one step, replacing any file there. */
  async finish(): Promise<void> {
    const bytes = join(this.#folder, 'bytes')
    const file = await open(bytes, 'r+')
    await file.sync().finally(() => file.close())
    await rename(bytes, this.#target)
    await this.discard()
    await Part.clean(this.#target)
  }

  /** Leaves the bytes for the next process that claims them. */
  async release(): Promise<void> {
    if ((await this.size()) === 0) await this.discard()
    else await rename(this.#folder, `${this.#target}.part`).catch(() => this.discard())
  }

  async discard(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** The path of a new part, which contains the name of its process and a random text that no other part has. */
function ownFolder(target: string): string {
  const random = Math.random().toString(36).slice(2, 10)
  return `${target}.${hostName()}.${process.pid}.${random}.part`
}

function hostName(): string {
  return hostname().replace(/[^\w-]/g, '_')
}

/** Takes over the abandoned parts of a file, and keeps only the largest. */
async function takeAbandoned(target: string): Promise<string | undefined> {
  let kept: string | undefined
  for (const { touched, folder, size } of await abandonedParts(target)) {
    const own = ownFolder(target)
    // It is touched first, so that no other process considers it abandoned.
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

/** The folder of an abandoned part. A process that is killed at its beginning or end leaves a folder without bytes. */
interface AbandonedPart {
  readonly folder: string
  readonly size: number | undefined
  /** The file or folder whose modification time tells when a process last worked on the part. */
  readonly touched: string
}

/** The abandoned parts of a file, the largest first. */
async function abandonedParts(target: string): Promise<AbandonedPart[]> {
  const [directory, file, host] = [dirname(target), basename(target), hostName()]
  const found: AbandonedPart[] = []
  for (const name of await readdir(directory)) {
    const rest = name.startsWith(`${file}.`) ? name.slice(file.length) : ''
    // Parts that an earlier version of this package was about to remove end in `.old`.
    if (!/\.part(\.old)?$/.test(rest)) continue
    const folder = join(directory, name)
    // Other programs use such names too, for example Firefox.
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
