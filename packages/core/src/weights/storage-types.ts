import { bfloatToFloatBits, floatToBfloatBits, floatToHalfBits, halfToFloatBits } from './half.ts'

/** How elements are stored, and how they become 32-bit floats. */
interface StorageTypeRow {
  /** Bytes of an element. */
  readonly size: 1 | 2 | 4 | 8
  /** Converts elements to 32-bit floats, rounding wider elements to nearest. */
  decode(bytes: Uint8Array, values: Float32Array): void
  /** Converts 32-bit floats to elements. Types that can only be read have no encoder. */
  encode?(values: Float32Array): Uint8Array
}

/**
 * Every type that the elements of a weight may have, under its name in safetensors. Files are written in this order: by
 * decreasing alignment, and within an alignment by the reference implementation's ranking of types, so that equal
 * tensors produce equal files.
 */
const rows = {
  I64: { size: 8, decode: decodeInt64 },
  F64: { size: 8, decode: (bytes, values) => values.set(elementsIn(Float64Array, bytes)) },
  F32: { size: 4, decode: (bytes, values) => bytesOf(values).set(bytes), encode: bytesOf },
  I32: { size: 4, decode: (bytes, values) => values.set(elementsIn(Int32Array, bytes)) },
  BF16: { size: 2, decode: decodeHalves(bfloatToFloatBits), encode: encodeHalves(floatToBfloatBits) },
  F16: { size: 2, decode: decodeHalves(halfToFloatBits), encode: encodeHalves(floatToHalfBits) },
  I16: { size: 2, decode: (bytes, values) => values.set(elementsIn(Int16Array, bytes)) },
  I8: { size: 1, decode: (bytes, values) => values.set(elementsIn(Int8Array, bytes)) },
  U8: { size: 1, decode: (bytes, values) => values.set(bytes) },
  BOOL: { size: 1, decode: (bytes, values) => values.set(bytes) },
} as const satisfies Readonly<Record<string, StorageTypeRow>>

/** The types in which elements may be stored, under their names in safetensors. */
export type StorageType = keyof typeof rows

/** The storage types that 32-bit floats can be written as. */
export type WrittenType = { [T in StorageType]: (typeof rows)[T] extends { encode: unknown } ? T : never }[StorageType]

export const storageTypes: { readonly [T in StorageType]: StorageTypeRow } & {
  readonly [T in WrittenType]: Required<StorageTypeRow>
} = rows

/** Bytes per element of each storage type, in the order in which files are written. */
export const dtypeBytes = Object.fromEntries(Object.entries(rows).map(([name, { size }]) => [name, size])) as {
  readonly [T in StorageType]: (typeof rows)[T]['size']
}

interface ElementArray<T> {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T
}

/** The bytes as elements: a view of them if their address is aligned, otherwise a view of a copy. */
export function elementsIn<T>(Elements: ElementArray<T>, bytes: Uint8Array): T {
  const source = bytes.byteOffset % Elements.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes)
  return new Elements(source.buffer, source.byteOffset, source.byteLength / Elements.BYTES_PER_ELEMENT)
}

/** The bytes of an array, as a view. */
export function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

function decodeInt64(bytes: Uint8Array, values: Float32Array): void {
  const words = elementsIn(Int32Array, bytes)
  for (let i = 0; i < values.length; i++) values[i] = words[2 * i + 1] * 2 ** 32 + (words[2 * i] >>> 0)
}

/** Converts bits rather than numbers, so that every NaN keeps its payload. */
function decodeHalves(convert: (half: number) => number) {
  return (bytes: Uint8Array, values: Float32Array): void => {
    const halves = elementsIn(Uint16Array, bytes)
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
    for (let i = 0; i < bits.length; i++) bits[i] = convert(halves[i])
  }
}

function encodeHalves(convert: (bits: number) => number) {
  return (values: Float32Array): Uint8Array => {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
    const halves = new Uint16Array(values.length)
    for (let i = 0; i < bits.length; i++) halves[i] = convert(bits[i])
    return new Uint8Array(halves.buffer)
  }
}
