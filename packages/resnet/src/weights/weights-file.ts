import fs from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { scanSafetensors, type Weight } from '@residual/core'
import { ModelError } from '../errors.ts'
import { openRegularFile, readSome, readSomeNow } from '../files/regular-file.ts'
import { normalizeKeys } from './normalize-keys.ts'

/** Fewer bytes than this are read before `read` returns, because another thread would take longer. */
const SMALL = 1 << 16

/** How many bytes at the start of a file are enough to identify it if it holds no weights. */
const BEGINNING = 1024

/** How many idle files stay open. Models that nobody disposes of must leave room for others. */
const MOST_OPEN = 32

/** A descriptor that is closed when too many files are open, and opened again when it is next used. */
interface Held {
  descriptor: number | undefined
  /** Number of reads in progress. */
  reads: number
}

/** The open files, the last used one last. */
const open = new Set<Held>()

function close(held: Held): void {
  open.delete(held)
  if (held.descriptor !== undefined) fs.closeSync(held.descriptor)
  held.descriptor = undefined
}

/** Makes a file the last used one, and closes others to make room for it. */
function touch(held: Held): void {
  open.delete(held)
  const idle = [...open].filter(({ reads }) => reads === 0)
  for (const other of idle.slice(0, Math.max(0, open.size + 1 - MOST_OPEN))) close(other)
  open.add(held)
}

/** Closes the files of forgotten models. */
const forgotten = new FinalizationRegistry<() => void>(close => close())

/**
 * A file of weights in Node. It stays open while its model is in use, so that weights can be read when their values are
 * needed and need not stay in memory. Another file that takes its name does not affect it. If more than {@link
 * MOST_OPEN} files are open, the least recently used ones are closed. They are opened again on their next use, so they
 * must still exist.
 */
export class WeightsFile {
  readonly #path: string | URL
  /** The absolute path, since the process may change its directory. */
  readonly #absolute: string
  readonly #held: Held
  readonly #status: fs.Stats
  #isClosed = false
  #header: ReturnType<typeof scanSafetensors> | undefined

  private constructor(path: string | URL) {
    this.#path = path
    this.#absolute = resolve(typeof path === 'string' ? path : fileURLToPath(path))
    const { descriptor, status } = openRegularFile(path, 'weights file')
    const held: Held = { descriptor, reads: 0 }
    this.#held = held
    this.#status = status
    touch(held)
    forgotten.register(this, () => close(held), this)
  }

  /** Opens a file. @throws ModelError if it is not a file or too large; Node's own errors for everything else. */
  static async open(path: string | URL): Promise<WeightsFile> {
    return new WeightsFile(path)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    forgotten.unregister(this)
    if (this.#held.reads === 0) close(this.#held)
  }

  /** Reads enough bytes to identify the format, or another kind of file. */
  readBeginning(): Uint8Array {
    return this.#bytes(0, Math.min(this.#status.size, BEGINNING))
  }

  /** The header of a safetensors file, which is read once. @throws FormatError if it is damaged. */
  readHeader(): ReturnType<typeof scanSafetensors> {
    this.#header ??= scanSafetensors(this.#status.size, (begin, end) => this.#bytes(begin, end))
    return this.#header
  }

  /** Fills an array with bytes, starting at position `from`: a few before it returns, many in the background. */
  read(target: Uint8Array, from: number): void | Promise<void> {
    return target.length < SMALL ? this.#readNow(target, from) : this.#readLater(target, from)
  }

  #bytes(begin: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - begin)
    this.#readNow(bytes, begin)
    return bytes
  }

  #readNow(target: Uint8Array, from: number): void {
    const descriptor = this.#opened()
    for (let at = 0; at < target.length; ) {
      const read = readSomeNow(descriptor, target, at, from + at)
      if (read === 0) throw this.#hasChanged()
      at += read
    }
  }

  async #readLater(target: Uint8Array, from: number): Promise<void> {
    const descriptor = this.#opened()
    this.#held.reads++
    try {
      for (let at = 0; at < target.length; ) {
        const read = await readSome(descriptor, target, at, from + at).catch(error => {
          throw new ModelError(`cannot read ${this.#shown}: ${error.message}`)
        })
        if (read === 0) throw this.#hasChanged()
        at += read
      }
    } finally {
      this.#held.reads--
      if (this.#isClosed && this.#held.reads === 0) close(this.#held)
    }
  }

  /** Checks that the file has not changed, and returns its descriptor. */
  #opened(): number {
    if (this.#isClosed) throw new ModelError('the model was disposed of; load it again')
    this.#held.descriptor ??= this.#reopened()
    touch(this.#held)
    const { size, mtimeMs } = fs.fstatSync(this.#held.descriptor)
    if (size !== this.#status.size || mtimeMs !== this.#status.mtimeMs) throw this.#hasChanged()
    return this.#held.descriptor
  }

  #reopened(): number {
    const another = () =>
      new ModelError(`${this.#shown} was replaced or deleted while its model was idle; load it again`)
    try {
      const { descriptor, status } = openRegularFile(this.#absolute, 'weights file')
      if (status.dev === this.#status.dev && status.ino === this.#status.ino) return descriptor
      fs.closeSync(descriptor)
    } catch (error) {
      const isGone =
        error instanceof ModelError || ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
      if (!isGone) throw new ModelError(`cannot read ${this.#shown}: ${(error as Error).message}`)
    }
    throw another()
  }

  get #shown(): string {
    return JSON.stringify(String(this.#path))
  }

  #hasChanged(): ModelError {
    return new ModelError(`${this.#shown} was written to while its model is in use; load it again`)
  }
}

/**
 * The weights of a safetensors file under torchvision's names, like `readWeights`, but their bytes stay in the file.
 */
export function weightsOf(file: WeightsFile): Map<string, Weight> {
  const weights = Array.from(file.readHeader().ranges, ([name, { dtype, shape, begin }]): [string, Weight] => {
    return [name, { dtype, shape, bytes: (target, from) => file.read(target, begin + from) }]
  })
  return normalizeKeys(new Map(weights))
}
