import {
  dtypeBytes,
  type Parameters,
  type StoredRange,
  scanSafetensors,
  toFloat32,
  type WeightSource,
} from '@residual/core'
import { ModelError } from '../errors.ts'
import { openRegularFile, readSome, readSomeNow } from '../files/regular-file.ts'
import { normalizeKeys } from './normalize-keys.ts'
import { formatOf } from './read-weights.ts'

type FileSystem = typeof import('node:fs')
type Stats = import('node:fs').Stats

/** Weights of fewer bytes are read at once: handing them to another thread would take longer. */
const SMALL = 1 << 16

/** Bytes of a file's beginning that tell what it is where it holds no weights. */
const BEGINNING = 1024

/** Files that stay open at most while nobody reads them, so that models that nobody disposes of leave room for others. */
const MOST_OPEN = 32

/** A descriptor that is closed when too many are open, and then opened again when it is wanted. */
interface Held {
  descriptor: number | undefined
  /** Reads under way. */
  reads: number
}

/** What is open, the last used last. */
const open = new Set<Held>()

function close(fs: FileSystem, held: Held): void {
  open.delete(held)
  if (held.descriptor !== undefined) fs.closeSync(held.descriptor)
  held.descriptor = undefined
}

/** Makes a file the last used. */
function touch(fs: FileSystem, held: Held): void {
  open.delete(held)
  const idle = [...open].filter(({ reads }) => reads === 0)
  for (const other of idle.slice(0, Math.max(0, open.size + 1 - MOST_OPEN))) close(fs, other)
  open.add(held)
}

/** Closes the files of models that nobody disposed of. */
const forgotten = new FinalizationRegistry<() => void>(close => close())

/**
 * A file of weights in Node that stays open as long as its model is in use, so that weights are read where they are
 * wanted and nobody keeps them. What takes its name afterwards does not change it. Where more than {@link MOST_OPEN} are
 * open, those that were not used for longest are closed, and opened again when they are wanted: those have to be there
 * still.
 */
export class WeightsFile {
  readonly #fs: FileSystem
  readonly #path: string | URL
  /** The same wherever the process goes. */
  readonly #absolute: string
  readonly #held: Held
  readonly #status: Stats
  #isClosed = false
  #scan: ReturnType<typeof scanSafetensors> | undefined

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

  get length(): number {
    return this.#status.size
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    forgotten.unregister(this)
    if (this.#held.reads === 0) close(this.#fs, this.#held)
  }

  get format(): ReturnType<typeof formatOf> {
    return formatOf(this.beginning())
  }

  beginning(): Uint8Array {
    const start = new Uint8Array(Math.min(this.length, BEGINNING))
    this.fill(start, 0)
    return start
  }

  /** What the header of a safetensors file says. @throws FormatError */
  get header(): ReturnType<typeof scanSafetensors> {
    this.#scan ??= scanSafetensors(this.length, (begin, end) => {
      const bytes = new Uint8Array(end - begin)
      this.fill(bytes, begin)
      return bytes
    })
    return this.#scan
  }

  /** Fills an array with the bytes from number `from` on. */
  fill(target: Uint8Array, from: number): void {
    const descriptor = this.#opened()
    for (let at = 0; at < target.length; ) {
      const read = readSomeNow(this.#fs, descriptor, target, at, from + at)
      if (read === 0) throw this.#hasChanged()
      at += read
    }
  }

  /** Does so while the caller does something else. */
  async fillLater(target: Uint8Array, from: number): Promise<void> {
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

  /** The descriptor of the file, which is as it was. */
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

/** A tensor in a file, read whenever its values are asked for. */
export class FileTensor implements WeightSource {
  readonly shape: readonly number[]
  readonly length: number

  constructor(
    readonly file: WeightsFile,
    private readonly range: StoredRange,
  ) {
    this.shape = range.shape
    this.length = (range.end - range.begin) / dtypeBytes[range.dtype]
  }

  read(target: Float32Array, from: number): void | Promise<void> {
    const { dtype, begin } = this.range
    const position = begin + from * dtypeBytes[dtype]
    const isPlain = dtype === 'F32'
    const bytes = isPlain
      ? new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
      : new Uint8Array(target.length * dtypeBytes[dtype])
    const convert = () => {
      if (!isPlain) target.set(toFloat32({ dtype, shape: [target.length], bytes }))
    }
    if (bytes.length >= SMALL) return this.file.fillLater(bytes, position).then(convert)
    this.file.fill(bytes, position)
    convert()
  }

  /** All values, in an array of their own. */
  values(): Float32Array {
    const { dtype, begin, end } = this.range
    const bytes = new Uint8Array(end - begin)
    this.file.fill(bytes, begin)
    return toFloat32({ dtype, shape: this.shape, bytes })
  }
}

/** The tensors of a safetensors file by torchvision's names, as `readWeights` brings them to. */
export function tensorsOf(file: WeightsFile): Map<string, FileTensor> {
  const { ranges } = file.header
  return normalizeKeys(new Map(Array.from(ranges, ([name, range]) => [name, new FileTensor(file, range)])))
}

/** Parameters that stay in their file: each is read whenever it is asked for. */
export class FileParameters implements Parameters {
  constructor(readonly sources: ReadonlyMap<string, FileTensor>) {}

  get size(): number {
    return this.sources.size
  }

  has(name: string): boolean {
    return this.sources.has(name)
  }

  get(name: string): Float32Array | undefined {
    return this.sources.get(name)?.values()
  }

  keys(): MapIterator<string> {
    return this.sources.keys()
  }

  *values(): MapIterator<Float32Array> {
    for (const source of this.sources.values()) yield source.values()
  }

  *entries(): MapIterator<[string, Float32Array]> {
    for (const [name, source] of this.sources) yield [name, source.values()]
  }

  [Symbol.iterator](): MapIterator<[string, Float32Array]> {
    return this.entries()
  }

  forEach(visit: (values: Float32Array, name: string, all: Parameters) => void): void {
    for (const [name, values] of this) visit(values, name, this)
  }

  [Symbol.dispose](): void {
    for (const { file } of this.sources.values()) file.close()
  }
}
