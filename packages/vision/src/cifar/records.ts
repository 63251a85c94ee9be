import { VisionError } from '../errors.ts'
import type { ImageArray } from '../loading/source.ts'
import type { ByteReader } from './byte-reader.ts'
import { type CifarKind, IMAGE_BYTES, MAX_RECORDS, recordBytes, SIDE } from './kinds.ts'

/** A data set of small images in memory. */
export interface CifarDataset extends ImageArray {
  readonly name: 'cifar10' | 'cifar100'
  /** The class of each image; for CIFAR-100 the fine class. */
  readonly labels: Uint8Array
  /** `[length, 32, 32, 3]`: height, width, channels. Shared between threads if the environment allows it. */
  readonly images: Uint8Array
}

/** Records converted at a time: enough that the time to wait for them does not matter. */
const CHUNK = 256

/** Combines the files of a split, in any order, into one data set. All must hold the same number of records. */
export class DatasetBuilder {
  readonly #kind: CifarKind
  readonly #files: readonly string[]
  readonly #missing: Set<string>
  #recordsInFile = 0
  #labels = new Uint8Array(0)
  #images: Uint8Array = new Uint8Array(0)

  constructor(kind: CifarKind, files: readonly string[]) {
    this.#kind = kind
    this.#files = files
    this.#missing = new Set(files)
  }

  /** The files that have not been read yet. */
  get missing(): readonly string[] {
    return [...this.#missing]
  }

  /** Reads one of the files, which has `size` bytes. Messages call it `name`. */
  async read(file: string, size: number, reader: ByteReader, name: string): Promise<void> {
    if (!this.#missing.delete(file)) throw new VisionError(`${name}: the archive holds this file twice; get it again`)
    const bytes = recordBytes(this.#kind)
    const records = size / bytes
    if (!Number.isInteger(records) || records < 1) {
      throw new VisionError(`${name}: ${size} bytes are not a whole number of records of ${bytes}; get it again`)
    }
    if (records > MAX_RECORDS) {
      throw new VisionError(`${name}: ${records} records are more than the ${MAX_RECORDS} of the largest CIFAR file`)
    }
    if (this.#labels.length === 0) {
      this.#recordsInFile = records
      this.#labels = new Uint8Array(records * this.#files.length)
      this.#images = sharedBytes(records * this.#files.length * IMAGE_BYTES)
    } else if (records !== this.#recordsInFile) {
      throw new VisionError(`${name}: ${records} records, but another file of the split has ${this.#recordsInFile}`)
    }
    const first = this.#files.indexOf(file) * records
    for (let done = 0; done < records; ) {
      const count = Math.min(CHUNK, records - done)
      const chunk = await reader.read(count * bytes)
      for (let i = 0; i < count; i++, done++) {
        const record = chunk.subarray(i * bytes, (i + 1) * bytes)
        this.#labels[first + done] = labelOf(this.#kind, record, done, name)
        interleave(record.subarray(bytes - IMAGE_BYTES), this.#images, (first + done) * IMAGE_BYTES)
      }
    }
  }

  build(): CifarDataset {
    const { name, classes } = this.#kind
    const [labels, images] = [this.#labels, this.#images]
    return { name, classes, length: labels.length, width: SIDE, height: SIDE, labels, images }
  }
}

/**
 * Allocates memory that a worker can read without a copy, if possible; browsers require a cross-origin isolated page.
 */
export function sharedBytes(length: number): Uint8Array {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated ?? true
  const shared = isolated && typeof SharedArrayBuffer === 'function'
  return new Uint8Array(shared ? new SharedArrayBuffer(length) : new ArrayBuffer(length))
}

function labelOf({ labelRanges }: CifarKind, record: Uint8Array, index: number, name: string): number {
  for (const [i, range] of labelRanges.entries()) {
    if (record[i] >= range) {
      throw new VisionError(`${name}: record ${index} has label ${record[i]}, wanted 0 to ${range - 1}; get it again`)
    }
  }
  return record[labelRanges.length - 1]
}

/** From channels, height, width to height, width, channels. */
function interleave(planes: Uint8Array, images: Uint8Array, start: number): void {
  const plane = SIDE * SIDE
  for (let i = 0, at = start; i < plane; i++, at += 3) {
    images[at] = planes[i]
    images[at + 1] = planes[plane + i]
    images[at + 2] = planes[2 * plane + i]
  }
}
