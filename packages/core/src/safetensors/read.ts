import { FormatError, quote } from '../errors.ts'
import { elementCount, type StorageType, storageTypes, type Weight } from '../weights/index.ts'
import { type HeaderEntry, scanHeader } from './header.ts'

/** The reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000

/** The content of a safetensors file. */
export interface SafetensorsFile {
  /** The tensors by name, in the order of their bytes in the file. */
  readonly tensors: Map<string, Weight<Uint8Array>>
  /** The header's free-form `__metadata__`, an object without a prototype; empty if the header has none. */
  readonly metadata: Record<string, string>
}

/** A weight as a range of bytes in a file. */
export interface TensorRange extends Omit<Weight, 'bytes' | 'scale'> {
  /** Its first byte in the file. */
  readonly begin: number
  /** The first byte after it. */
  readonly end: number
}

/**
 * Reads a file in the safetensors format (https://github.com/huggingface/safetensors#format). The tensors are views
 * into `bytes`: nothing is copied.
 *
 * @throws FormatError if the file breaks a rule of the format: for example by duplicate keys, by offsets that overlap,
 *   leave a gap or reach beyond the file, or by sizes that do not match dtype and shape.
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  // Not `bytes.subarray()`: for a Node Buffer, that returns a Buffer, whose slice() does not copy.
  const part = (begin: number, end: number) => new Uint8Array(bytes.buffer, bytes.byteOffset + begin, end - begin)
  const { ranges, metadata } = scanSafetensors(bytes.length, part)
  const tensors = new Map(
    Array.from(ranges, ([name, { dtype, shape, begin, end }]) => [name, { dtype, shape, bytes: part(begin, end) }]),
  )
  return { tensors, metadata }
}

/**
 * Reads only the header of a safetensors file, and returns where its tensors lie, in the order of their bytes.
 *
 * @param length size of the file in bytes
 * @param read returns the bytes of the file from `begin` to before `end`
 * @throws FormatError as {@link readSafetensors} does.
 */
export function scanSafetensors(
  length: number,
  read: (begin: number, end: number) => Uint8Array,
): { ranges: Map<string, TensorRange>; metadata: Record<string, string> } {
  if (length < 8) throw new FormatError(`safetensors file of ${length} bytes is too short, wanted at least 8`)
  const start = read(0, 8)
  const headerLength = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true)
  if (headerLength > BigInt(length - 8)) {
    throw new FormatError(`safetensors header of ${headerLength} bytes is longer than its file of ${length} bytes`)
  }
  if (headerLength > MAX_HEADER_BYTES) {
    throw new FormatError(`safetensors header of ${headerLength} bytes is longer than the allowed ${MAX_HEADER_BYTES}`)
  }
  const dataStart = 8 + Number(headerLength)
  const header = read(8, dataStart)
  if (header[0] !== 0x7b) throw new FormatError(`safetensors header does not start with '{'`)
  const { entries, metadata } = scanHeader(decodeHeader(header))
  const ranges = entries.map(entry => [entry.name, checkEntry(entry, dataStart, length)] as const)
  ranges.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)
  checkCoverage(ranges, dataStart, length)
  return { ranges: new Map(ranges), metadata }
}

function decodeHeader(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new FormatError('safetensors header is not valid UTF-8')
  }
}

/** Checks an entry of a file of `length` bytes, whose data begin at byte `start`; offsets count from there. */
function checkEntry({ name, dtype, shape, offsets }: HeaderEntry, start: number, length: number): TensorRange {
  const fail = (what: string) => new FormatError(`tensor ${quote(name)}: ${what}`)
  if (!Object.hasOwn(storageTypes, dtype)) {
    throw fail(`unknown dtype ${quote(dtype)} (known: ${Object.keys(storageTypes).join(', ')})`)
  }
  const known = dtype as StorageType
  const sizes = shape.map(wholeNumber)
  if (sizes.includes(Number.NaN)) throw fail(`shape ${list(shape)} is not a list of whole numbers from 0 to 2^53 - 1`)
  const size = elementCount(sizes) * storageTypes[known].size
  if (size > Number.MAX_SAFE_INTEGER) throw fail(`shape ${list(shape)} takes more than 2^53 - 1 bytes`)
  const [begin, end] = offsets.map(wholeNumber)
  if (offsets.length !== 2 || Number.isNaN(begin) || Number.isNaN(end)) {
    throw fail(`data_offsets ${list(offsets)} are not two whole numbers from 0 to 2^53 - 1`)
  }
  if (end < begin) throw fail(`data_offsets ${list(offsets)} end before they begin`)
  if (end > length - start) throw fail(`data_offsets ${list(offsets)} reach beyond the ${length - start} bytes of data`)
  if (end - begin !== size) {
    throw fail(`data_offsets ${list(offsets)} hold ${end - begin} bytes, but ${dtype} ${list(shape)} takes ${size}`)
  }
  return { dtype: known, shape: sizes, begin: start + begin, end: start + end }
}

/** Checks that every byte of the data, from `start` to the end, belongs to exactly one tensor; `ranges` are sorted. */
function checkCoverage(ranges: readonly (readonly [string, TensorRange])[], start: number, length: number): void {
  let covered = start
  const gap = (end: number) =>
    new FormatError(`bytes ${covered - start} to ${end - start} of the safetensors data belong to no tensor`)
  for (const [index, [name, { begin, end }]] of ranges.entries()) {
    if (begin < covered) {
      const [previous] = ranges[index - 1]
      const at = begin - start
      throw new FormatError(`tensors ${quote(previous)} and ${quote(name)} overlap from byte ${at} of the data`)
    }
    if (begin > covered) throw gap(begin)
    covered = end
  }
  if (covered < length) throw gap(length)
}

function wholeNumber(token: string): number {
  const value = /^\d+$/.test(token) ? Number(token) : Number.NaN
  return Number.isSafeInteger(value) ? value : Number.NaN
}

function list(tokens: readonly string[]): string {
  const text = tokens.join(', ')
  return `[${text.length > 80 ? `${text.slice(0, 77)}...` : text}]`
}
