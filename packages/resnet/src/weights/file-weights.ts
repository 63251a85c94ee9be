import {
  dtypeBytes,
  type Parameters,
  type StoredRange,
  scanSafetensors,
  toFloat32,
  type WeightSource,
} from '@residual/core'
import { ModelError } from '../errors.ts'
import { normalizeKeys } from './normalize-keys.ts'
import { FORMAT_BYTES, formatOf } from './read-weights.ts'

type FileSystem = typeof import('node:fs')

/** Weights of fewer bytes are read at once: handing them to another thread would take longer. */
const SMALL = 1 << 16

/** Closes the files of models that nobody disposed of. */
const forgotten = new FinalizationRegistry<() => void>(close => close())

/**
 * A file of weights in Node that stays open as long as its model is in use, so that weights are read where they are
 * wanted and nobody keeps them. What takes its name afterwards does not change it.
 */
export class WeightsFile {
  readonly #fs: FileSystem
  readonly #path: string | URL
  readonly #descriptor: number
  readonly #changed: number
  readonly length: number
  #isClosed = false

  private constructor(fs: FileSystem, path: string | URL) {
    this.#fs = fs
    this.#path = path
    this.#descriptor = fs.openSync(path, 'r')
    const { size, mtimeMs } = fs.fstatSync(this.#descriptor)
    this.length = size
    this.#changed = mtimeMs
    const descriptor = this.#descriptor
    forgotten.register(this, () => fs.closeSync(descriptor), this)
  }

  /** @throws Node's own errors. */
  static async open(path: string | URL): Promise<WeightsFile> {
    return new WeightsFile(await import('node:fs'), path)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    forgotten.unregister(this)
    this.#fs.closeSync(this.#descriptor)
  }

  get isSafetensors(): boolean {
    const start = new Uint8Array(Math.min(this.length, FORMAT_BYTES))
    this.fill(start, 0)
    return formatOf(start) === 'safetensors'
  }

  /** Fills an array with the bytes from number `from` on. */
  fill(target: Uint8Array, from: number): void {
    this.#check()
    for (let at = 0; at < target.length; ) {
      const read = this.#fs.readSync(this.#descriptor, target, at, target.length - at, from + at)
      if (read === 0) throw this.#hasChanged()
      at += read
    }
  }

  /** Does so while the caller does something else. */
  async fillLater(target: Uint8Array, from: number): Promise<void> {
    this.#check()
    for (let at = 0; at < target.length; ) {
      const read = await this.#read(target, at, from + at)
      if (read === 0) throw this.#hasChanged()
      at += read
    }
  }

  #read(target: Uint8Array, at: number, from: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#fs.read(this.#descriptor, target, at, target.length - at, from, (error, read) => {
        if (error) reject(new ModelError(`cannot read ${JSON.stringify(`${this.#path}`)}: ${error.message}`))
        else resolve(read)
      })
    })
  }

  #check(): void {
    if (this.#isClosed) throw new ModelError('the model was disposed of; load it again')
    const { size, mtimeMs } = this.#fs.fstatSync(this.#descriptor)
    if (size !== this.length || mtimeMs !== this.#changed) throw this.#hasChanged()
  }

  #hasChanged(): ModelError {
    return new ModelError(`${JSON.stringify(`${this.#path}`)} was written to while its model is in use; load it again`)
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
  const { ranges } = scanSafetensors(file.length, (begin, end) => {
    const bytes = new Uint8Array(end - begin)
    file.fill(bytes, begin)
    return bytes
  })
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
