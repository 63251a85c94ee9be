import { ShapeError } from '../errors.ts'
import { formatShape, type Shape, sameShape, sizeOf } from '../shape.ts'
import { bytesOf, elementsIn, type StorageType, storageTypes, type WrittenType } from './storage-types.ts'

/**
 * Fills `target` with bytes of a weight, starting at byte `from`. The bytes must never change: programs share packed
 * weights.
 */
export type ReadBytes = (target: Uint8Array, from: number) => void | Promise<void>

/**
 * One parameter as it is stored, all the way from its file to the packer. A weight is in memory (`Weight<Uint8Array>`),
 * or it is read whenever its values are needed, so that they need not stay in memory. Its name is its key in a map of
 * weights.
 */
export interface Weight<Bytes extends Uint8Array | ReadBytes = Uint8Array | ReadBytes> {
  readonly dtype: StorageType
  /** PyTorch's layout: convolutions `[outputs, channels / groups, height, width]`. */
  readonly shape: Shape
  /**
   * The elements in row-major order, little-endian, or a function that reads some of them. The elements of a file in
   * memory are a view of the file if possible: copy them before you change them.
   */
  readonly bytes: Bytes
  /** A factor for each output, along the first axis; default 1. A value is its element times the factor. */
  readonly scale?: Float32Array
}

/** The number of elements of a shape; Infinity if it is above 2^53 - 1 and so cannot be counted exactly. */
export function elementCount(shape: Shape): number {
  if (shape.includes(0)) return 0
  let count = 1
  for (const size of shape) {
    count *= size
    if (count > Number.MAX_SAFE_INTEGER) return Number.POSITIVE_INFINITY
  }
  return count
}

/**
 * The values of a weight in memory as 32-bit floats: its elements, rounded to nearest if they are wider, times its
 * scale. Returns a view for F32 without a scale at an address that is a multiple of 4, and a new array otherwise.
 *
 * @throws ShapeError if bytes or scale do not match dtype and shape.
 */
export function toFloat32(weight: Weight<Uint8Array>): Float32Array {
  checkWeight(weight)
  const { dtype, shape, bytes, scale } = weight
  if (dtype === 'F32' && !scale) return elementsIn(Float32Array, bytes)
  const values = new Float32Array(elementCount(shape))
  storageTypes[dtype].decode(bytes, values)
  if (scale) scaleOutputs(values, scale)
  return values
}

/**
 * Reads the values of any weight as {@link toFloat32} returns them.
 *
 * @throws ShapeError as {@link toFloat32} does, and whatever the reading function throws.
 */
export async function readFloat32(weight: Weight): Promise<Float32Array> {
  const { dtype, shape, bytes } = weight
  if (bytes instanceof Uint8Array) return toFloat32({ ...weight, bytes })
  const stored = new Uint8Array(elementCount(shape) * storageTypes[dtype].size)
  await bytes(stored, 0)
  return toFloat32({ ...weight, bytes: stored })
}

/**
 * Makes a weight from values in row-major order. F16 and BF16 round to nearest, ties to even; values beyond their range
 * become infinite. F32 is a view of `values`.
 *
 * @throws ShapeError if `shape` does not have as many elements as `values`.
 */
export function fromFloat32(values: Float32Array, shape: Shape, dtype: WrittenType): Weight<Uint8Array> {
  if (elementCount(shape) !== values.length) {
    throw new ShapeError(`shape [${shape}] does not have the ${values.length} elements given`)
  }
  return { dtype, shape, bytes: storageTypes[dtype].encode(values) }
}

/** Fills `target` with elements of a weight in memory, starting at element `from`, as unscaled 32-bit floats. */
export function copyElements({ dtype, bytes }: Weight<Uint8Array>, target: Float32Array, from: number): void {
  const { size, decode } = storageTypes[dtype]
  decode(bytes.subarray(from * size, (from + target.length) * size), target)
}

/** Fills `target` as {@link copyElements} does, with elements of a weight that has to be read. */
export async function readElements(
  { dtype, bytes: read }: Weight<ReadBytes>,
  target: Float32Array,
  from: number,
): Promise<void> {
  const { size, decode } = storageTypes[dtype]
  if (dtype === 'F32') return read(bytesOf(target), from * size)
  const stored = new Uint8Array(target.length * size)
  await read(stored, from * size)
  decode(stored, target)
}

/** Describes why a weight or an array does not fit a parameter of this shape; undefined if it fits. */
export function misfitOf(given: Float32Array | Weight, shape: Shape): string | undefined {
  const count = given instanceof Float32Array ? given.length : elementCount(given.shape)
  if (count !== sizeOf(shape)) return `has ${count} values, wanted ${sizeOf(shape)} for ${formatShape(shape)}`
  if (given instanceof Float32Array) return undefined
  return sameShape(given.shape, shape)
    ? defectOf(given)
    : `is ${formatShape(given.shape)}, wanted ${formatShape(shape)}`
}

/** Throws a ShapeError that begins with `what` if a weight's dtype, shape, bytes and scale do not fit together. */
export function checkWeight(weight: Weight, what = ''): void {
  const defect = defectOf(weight)
  if (defect !== undefined) throw new ShapeError(`${what}${defect}`)
}

function defectOf({ dtype, shape, bytes, scale }: Weight): string | undefined {
  if (bytes instanceof Uint8Array && elementCount(shape) * storageTypes[dtype].size !== bytes.length) {
    return `${dtype} [${shape}] does not take ${bytes.length} bytes`
  }
  if (scale && scale.length !== shape[0]) return `${dtype} [${shape}] does not take a scale of ${scale.length} values`
  return undefined
}

/** Whether a weight needs no reading. */
export function isInMemory(weight: Weight): weight is Weight<Uint8Array> {
  return weight.bytes instanceof Uint8Array
}

/** Whether a weight has to be read. */
export function isToBeRead(weight: Weight): weight is Weight<ReadBytes> {
  return !isInMemory(weight)
}

/** Multiplies the values of each output by its factor. */
function scaleOutputs(values: Float32Array, scale: Float32Array): void {
  const row = values.length / scale.length
  for (let i = 0; i < values.length; i++) values[i] *= scale[Math.floor(i / row)]
}
