import { scanSafetensors, type Weight } from '@residual/core'
import { ModelError } from '../errors.ts'
import { openRegularFile, readSome, readSomeNow } from '../files/regular-file.ts'
import { normalizeKeys } from './normalize-keys.ts'

type FileSystem = typeof import('node:fs')
type Stats = import('node:fs').Stats

/** Fewer bytes are read before `read` returns: handing them to another thread would take longer. */
const SMALL = 1 << 16

/** How many bytes at the start of a file tell what it is if it holds no weights. */
const BEGINNING = 1024

/** How many files stay open while nobody reads them. Models that nobody disposes of must leave room for others. */
const MOST_OPEN = 32

/** A descriptor that is closed when too many files are open, and opened again when it is next used. */
interface Held {
  descriptor: number | undefined
  /** Reads under way. */
  reads: number
}

/** The open files, the last used last. */
const open = new Set<Held>()

function close(fs: FileSystem, held: Held): void {
  open.delete(held)
  if (held.descriptor !== undefined) fs.closeSync(held.descriptor)
  held.descriptor = undefined
}

/** Makes a file the last used, and closes others to make room for it. */
function touch(fs: FileSystem, held: Held): void {
  open.delete(held)
  const idle = [...open].filter(({ reads }) => reads === 0)
  for (const other of idle.slice(0, Math.max(0, open.size + 1 - MOST_OPEN))) close(fs, other)
  open.add(held)
}

/** Closes the files of models that nobody disposed of. */
const forgotten = new FinalizationRegistry<() => void>(close => close())

/**
 * A file of weights in Node. It stays open as long as its model is in use, so that a weight is read whenever its values are
 * needed and nobody keeps them. Another file that takes its name does not change it. If more than {@link MOST_OPEN} files are
 * open, the least recently used ones are closed and opened again when they are next used: those must still be there.
 */
export class WeightsFile {
  readonly #fs: FileSystem
  readonly #path: string | URL
  /** The same wherever the process goes. */
  readonly #absolute: string
  readonly #held: Held
  readonly #status: Stats
  #isClosed = false
  #header: ReturnType<typeof scanSafetensors> | undefined

  private constructor(fs: FileSystem, path: string | URL, absolute: string) {
    this.#fs = fs
    this.#path = path
    this.#absolute = absolute
    const { descriptor, status } = openRegularFile(fs, path, 'weights file')
    const held: Held = { descriptor, reads: 0 }
    this.#held = held
    this.#status = status
    touch(fs, held)
    forgotten.register(this, () => close(fs, held), this)
  }

  /** @throws ModelError for what is no file or too large, Node's own errors for all else. */
  static async open(path: string | URL): Promise<WeightsFile> {
    const [fs, { resolve }, { fileURLToPath }] = await Promise.all([
      import('node:fs'),
      import('node:path'),
      import('node:url'),
    ])
    return new WeightsFile(fs, path, resolve(typeof path === 'string' ? path : fileURLToPath(path)))
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    forgotten.unregister(this)
    if (this.#held.reads === 0) close(this.#fs, this.#held)
  }

  /** Enough bytes to tell the format, or what the file is instead. */
  readBeginning(): Uint8Array {
    return this.#bytes(0, Math.min(this.#status.size, BEGINNING))
  }

  /** What the header of a safetensors file says; it is read once. @throws FormatError */
  readHeader(): ReturnType<typeof scanSafetensors> {
    this.#header ??= scanSafetensors(this.#status.size, (begin, end) => this.#bytes(begin, end))
    return this.#header
  }

  /** Fills an array with the bytes from number `from` on: a few before it returns, many while the caller does other work. */
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
      const read = readSomeNow(this.#fs, descriptor, target, at, from + at)
      if (read === 0) throw this.#hasChanged()
      at += read
    }
  }

  async #readLater(target: Uint8Array, from: number): Promise<void> {
    const descriptor = this.#opened()
    this.#held.reads++
    try {
      for (let at = 0; at < target.length; ) {
        const read = await readSome(this.#fs, descriptor, target, at, from + at).catch(error => {
          throw new ModelError(`cannot read ${this.#shown}: ${error.message}`)
        })
        if (read === 0) throw this.#hasChanged()
        at += read
      }
    } finally {
      this.#held.reads--
      if (this.#isClosed && this.#held.reads === 0) close(this.#fs, this.#held)
    }
  }

  /** The descriptor of the file, after a look at whether the file is unchanged. */
  #opened(): number {
    if (this.#isClosed) throw new ModelError('the model was disposed of; load it again')
    this.#held.descriptor ??= this.#reopened()
    touch(this.#fs, this.#held)
    const { size, mtimeMs } = this.#fs.fstatSync(this.#held.descriptor)
    if (size !== this.#status.size || mtimeMs !== this.#status.mtimeMs) throw this.#hasChanged()
    return this.#held.descriptor
  }

  #reopened(): number {
    const another = () =>
      new ModelError(`${this.#shown} was replaced or deleted while its model was idle; load it again`)
    try {
      const { descriptor, status } = openRegularFile(this.#fs, this.#absolute, 'weights file')
      if (status.dev === this.#status.dev && status.ino === this.#status.ino) return descriptor
      this.#fs.closeSync(descriptor)
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

/** The weights of a safetensors file under torchvision's names, as `readWeights` gives them. They stay in the file. */
export function weightsOf(file: WeightsFile): Map<string, Weight> {
  const weights = Array.from(file.readHeader().ranges, ([name, { dtype, shape, begin }]): [string, Weight] => {
    return [name, { dtype, shape, bytes: (target, from) => file.read(target, begin + from) }]
  })
  return normalizeKeys(new Map(weights))
}
