import { ShapeError } from '../errors.ts'
import { checkStored, elementCount, type StoredTensor } from './tensor.ts'

/**
 * The elements of a stored tensor as 32-bit floats, rounded to nearest where they are wider. F32 data whose address is
 * a multiple of 4 comes back as a view, everything else as a new array.
 *
 * @throws ShapeError where the bytes do not match dtype and shape.
 */
export function toFloat32(tensor: StoredTensor): Float32Array {
  checkStored(tensor)
  const count = elementCount(tensor.shape)
  switch (tensor.dtype) {
    case 'F32':
      return aligned(Float32Array, tensor.bytes)
    case 'F64':
      return new Float32Array(aligned(Float64Array, tensor.bytes))
    case 'F16':
      return fromBits(aligned(Uint16Array, tensor.bytes), halfToFloatBits)
    case 'BF16':
      return fromBits(aligned(Uint16Array, tensor.bytes), half => half << 16)
    case 'I64': {
      const words = aligned(Int32Array, tensor.bytes)
      const values = new Float32Array(count)
      for (let i = 0; i < count; i++) values[i] = words[2 * i + 1] * 2 ** 32 + (words[2 * i] >>> 0)
      return values
    }
    case 'I32':
      return new Float32Array(aligned(Int32Array, tensor.bytes))
    case 'I16':
      return new Float32Array(aligned(Int16Array, tensor.bytes))
    case 'I8':
      return new Float32Array(aligned(Int8Array, tensor.bytes))
    case 'U8':
    case 'BOOL':
      return new Float32Array(tensor.bytes)
  }
}

/**
 * A stored tensor of these values, in row-major order. F16 and BF16 round to nearest, ties to even; values beyond
 * their range become infinite. F32 is a view of `values`.
 *
 * @throws ShapeError where `shape` does not have as many elements as `values`.
 */
export function fromFloat32(
  values: Float32Array,
  shape: readonly number[],
  dtype: 'F32' | 'F16' | 'BF16',
): StoredTensor {
  if (elementCount(shape) !== values.length) {
    throw new ShapeError(`shape [${shape}] does not have the ${values.length} elements given`)
  }
  if (dtype === 'F32') {
    return { dtype, shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) }
  }
  const convert = dtype === 'F16' ? floatToHalfBits : floatToBfloatBits
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const halves = new Uint16Array(values.length)
  for (let i = 0; i < bits.length; i++) halves[i] = convert(bits[i])
  return { dtype, shape, bytes: new Uint8Array(halves.buffer) }
}

interface ElementArray<T> {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T
}

/** The bytes as elements: a view where their address allows one, else of a copy. */
function aligned<T>(Elements: ElementArray<T>, bytes: Uint8Array): T {
  const source = bytes.byteOffset % Elements.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes)
  return new Elements(source.buffer, source.byteOffset, source.byteLength / Elements.BYTES_PER_ELEMENT)
}

function fromBits(halves: Uint16Array, convert: (half: number) => number): Float32Array {
  const bits = new Uint32Array(halves.length)
  for (let i = 0; i < bits.length; i++) bits[i] = convert(halves[i])
  return new Float32Array(bits.buffer)
}

/** IEEE 754 binary16 to binary32, both as bits; exact, NaN payloads included. */
function halfToFloatBits(half: number): number {
  const sign = (half & 0x8000) << 16
  const exponent = (half >>> 10) & 0x1f
  let fraction = half & 0x3ff
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13)
  // 112 is the difference of the exponents' biases, 127 - 15.
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13)
  if (fraction === 0) return sign
  // A subnormal half is a normal float: shift its leading one to where it is implied.
  const shift = Math.clz32(fraction) - 21
  fraction = (fraction << shift) & 0x3ff
  return sign | ((113 - shift) << 23) | (fraction << 13)
}

/** IEEE 754 binary32 to binary16, both as bits, to nearest even. */
function floatToHalfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff)
  // 65520 lies halfway between the largest half and the next power of two, and rounds up to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  // From 2^-14 on the half is normal; a carry out of the fraction rightly raises the exponent.
  if (magnitude >= 0x38800000) return sign | roundShift(magnitude - (112 << 23), 13)
  // Below 2^-25, half the smallest subnormal, everything rounds to zero.
  if (magnitude < 0x33000000) return sign
  return sign | roundShift((magnitude & 0x7fffff) | 0x800000, 126 - (magnitude >>> 23))
}

/** IEEE 754 binary32 to bfloat16, both as bits, to nearest even. */
function floatToBfloatBits(bits: number): number {
  const isNaNBits = (bits & 0x7fffffff) > 0x7f800000
  return isNaNBits ? (bits >>> 16) | 0x40 : roundShift(bits, 16)
}

/** `bits / 2^shift`, rounded to nearest, ties to even; the bits are unsigned. */
function roundShift(bits: number, shift: number): number {
  const quotient = bits >>> shift
  const remainder = bits & ((1 << shift) - 1)
  const half = 1 << (shift - 1)
  return remainder > half || (remainder === half && (quotient & 1) === 1) ? quotient + 1 : quotient
}
