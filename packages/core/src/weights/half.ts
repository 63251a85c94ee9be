/** Converts IEEE 754 binary16 to binary32, both as bits; exact, including NaN payloads. */
export function halfToFloatBits(half: number): number {
  const sign = (half & 0x8000) << 16
  const exponent = (half >>> 10) & 0x1f
  let fraction = half & 0x3ff
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13)
  // 112 is the difference of the exponents' biases, 127 - 15.
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13)
  if (fraction === 0) return sign
  // A subnormal half is a normal float: shift its leading one to the implied position.
  const shift = Math.clz32(fraction) - 21
  fraction = (fraction << shift) & 0x3ff
  return sign | ((113 - shift) << 23) | (fraction << 13)
}

/** Converts IEEE 754 binary32 to binary16, both as bits, rounding to nearest even. */
export function floatToHalfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff)
  // 65520 lies halfway between the largest half and the next power of two, and rounds up to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  // The half is normal from 2^-14 upwards; a carry out of the fraction correctly raises the exponent.
  if (magnitude >= 0x38800000) return sign | roundShift(magnitude - (112 << 23), 13)
  // Below 2^-25, half the smallest subnormal, everything rounds to zero.
  if (magnitude < 0x33000000) return sign
  return sign | roundShift((magnitude & 0x7fffff) | 0x800000, 126 - (magnitude >>> 23))
}

/** Converts bfloat16 to IEEE 754 binary32, both as bits; exact. */
export function bfloatToFloatBits(bfloat: number): number {
  return bfloat << 16
}

/** Converts IEEE 754 binary32 to bfloat16, both as bits, rounding to nearest even. */
export function floatToBfloatBits(bits: number): number {
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
