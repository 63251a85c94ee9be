import { ShapeError } from '../errors.ts'

/**
 * Bytes per element of each dtype. The order is the one that files are written in: by falling alignment, and within an
 * alignment as the reference implementation ranks its types, so that equal tensors give equal files.
 */
export const dtypeBytes = { I64: 8, F64: 8, F32: 4, I32: 4, BF16: 2, F16: 2, I16: 2, I8: 1, U8: 1, BOOL: 1 } as const

/** The element types a stored tensor may have, under their names in safetensors. */
export type StoredDType = keyof typeof dtypeBytes

/** A tensor as a weights file holds it: elements in row-major order, little-endian. */
export interface StoredTensor {
  readonly dtype: StoredDType
  readonly shape: readonly number[]
  /** The elements; where possible a view into the file's bytes, so copy before changing it. */
  readonly bytes: Uint8Array
}

/** Stored tensors by name. */
export type StoredTensors = Map<string, StoredTensor>

/** The number of elements of a shape, Infinity where it is beyond 2^53 - 1 and so cannot be counted exactly. */
export function elementCount(shape: readonly number[]): number {
  if (shape.includes(0)) return 0
  let count = 1
  for (const size of shape) {
    count *= size
    if (count > Number.MAX_SAFE_INTEGER) return Number.POSITIVE_INFINITY
  }
  return count
}

/** Throws a ShapeError, which `what` introduces, unless the bytes are exactly the elements of the shape. */
export function checkStored({ dtype, shape, bytes }: StoredTensor, what = ''): void {
  if (elementCount(shape) * dtypeBytes[dtype] === bytes.length) return
  throw new ShapeError(`${what}${dtype} [${shape}] does not take ${bytes.length} bytes`)
}
