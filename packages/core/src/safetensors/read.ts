import { FormatError, quote } from '../errors.ts'
import { type HeaderEntry, scanHeader } from './header.ts'
import { dtypeBytes, elementCount, type StoredDType, type StoredTensors } from './tensor.ts'

/** The reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000

/** What a safetensors file holds. */
export interface SafetensorsFile {
  /** The tensors, in the order of their bytes. */
  readonly tensors: StoredTensors
  /** The header's free-form `__metadata__`; empty where it has none. It has no prototype. */
  readonly metadata: Record<string, string>
}

/** Where a tensor lies in a file, and what it is. */
export interface StoredRange {
  readonly dtype: StoredDType
  readonly shape: readonly number[]
  /** Bytes of the file. */
  readonly begin: number
  readonly end: number
}

/**
 * Reads a file in the safetensors format (https://github.com/huggingface/safetensors#format). The tensors are views
 * into `bytes`: nothing is copied.
 *
 * @throws FormatError where the file breaks a rule of the format: among others duplicate keys, offsets that overlap,
 * leave a gap or reach beyond the file, and sizes that do not match dtype and shape.
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  // Not subarray() of `bytes` itself: of a Node Buffer that would be a Buffer, whose slice() does not copy.
  const part = (begin: number, end: number) => new Uint8Array(bytes.buffer, bytes.byteOffset + begin, end - begin)
  const { ranges, metadata } = scanSafetensors(bytes.length, part)
  const tensors: StoredTensors = new Map()
  for (const [name, { dtype, shape, begin, end }] of ranges) {
    tensors.set(name, { dtype, shape, bytes: part(begin, end) })
  }
  return { tensors, metadata }
}

/**
 * Where the tensors of a safetensors file lie, in the order of their bytes: reads nothing but its header.
 *
 * @param length bytes of the file
 * @param read the bytes of the file from `begin` to before `end`
 * @throws FormatError as {@link readSafetensors} does.
 */
export function scanSafetensors(
  length: number,
  read: (begin: number, end: number) => Uint8Array,
): { ranges: Map<string, StoredRange>; metadata: Record<string, string> } {
  if (length < 8) throw new FormatError(`safetensors file of ${length} bytes: it has at least 8`)
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
  const sorted = entries.map(entry => checkEntry(entry, length - dataStart))
  sorted.sort((a, b) => a.begin - b.begin || a.end - b.end)
  checkCoverage(sorted, length - dataStart)
  const ranges = new Map(
    sorted.map(({ name, dtype, shape, begin, end }) => {
      return [name, { dtype, shape, begin: dataStart + begin, end: dataStart + end }] as const
    }),
  )
  return { ranges, metadata }
}

interface TensorRange {
  readonly name: string
  readonly dtype: StoredDType
  readonly shape: number[]
  readonly begin: number
  readonly end: number
}

function decodeHeader(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new FormatError('safetensors header is not valid UTF-8')
  }
}

function checkEntry({ name, dtype, shape, offsets }: HeaderEntry, dataLength: number): TensorRange {
  const fail = (what: string) => new FormatError(`tensor ${quote(name)}: ${what}`)
  if (!Object.hasOwn(dtypeBytes, dtype)) {
    throw fail(`unknown dtype ${quote(dtype)} (known: ${Object.keys(dtypeBytes).join(', ')})`)
  }
  const known = dtype as StoredDType
  const sizes = shape.map(wholeNumber)
  if (sizes.includes(Number.NaN)) throw fail(`shape ${list(shape)} is not a list of whole numbers from 0 to 2^53 - 1`)
  const size = elementCount(sizes) * dtypeBytes[known]
  if (size > Number.MAX_SAFE_INTEGER) throw fail(`shape ${list(shape)} takes more than 2^53 - 1 bytes`)
  const [begin, end] = offsets.map(wholeNumber)
  if (offsets.length !== 2 || Number.isNaN(begin) || Number.isNaN(end)) {
    throw fail(`data_offsets ${list(offsets)} are not two whole numbers from 0 to 2^53 - 1`)
  }
  if (end < begin) throw fail(`data_offsets ${list(offsets)} end before they begin`)
  if (end > dataLength) throw fail(`data_offsets ${list(offsets)} reach beyond the ${dataLength} bytes of data`)
  if (end - begin !== size) {
    throw fail(`data_offsets ${list(offsets)} hold ${end - begin} bytes, but ${dtype} ${list(shape)} takes ${size}`)
  }
  return { name, dtype: known, shape: sizes, begin, end }
}

/** Every byte of the data belongs to exactly one tensor; `ranges` are sorted. */
function checkCoverage(ranges: readonly TensorRange[], dataLength: number): void {
  let covered = 0
  const gap = (end: number) => new FormatError(`bytes ${covered} to ${end} of the safetensors data belong to no tensor`)
  for (const [index, { name, begin, end }] of ranges.entries()) {
    if (begin < covered) {
      const previous = ranges[index - 1]
      throw new FormatError(`tensors ${quote(previous.name)} and ${quote(name)} overlap from byte ${begin} of the data`)
    }
    if (begin > covered) throw gap(begin)
    covered = end
  }
  if (covered < dataLength) throw gap(dataLength)
}

function wholeNumber(token: string): number {
  const value = /^\d+$/.test(token) ? Number(token) : Number.NaN
  return Number.isSafeInteger(value) ? value : Number.NaN
}

function list(tokens: readonly string[]): string {
  const text = tokens.join(', ')
  return `[${text.length > 80 ? `${text.slice(0, 77)}...` : text}]`
}
