import { describe, expect, test } from 'vitest'
import { fromFloat32, readFloat32, type StorageType, toFloat32 } from '../src/index.ts'

const stored = (dtype: StorageType, shape: number[], elements: ArrayBufferView) => ({
  dtype,
  shape,
  bytes: new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength),
})

/** The value of a half by its definition: a sign bit, five bits of exponent and ten of fraction. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24)
}

const everyHalf = Uint16Array.from({ length: 65536 }, (_, i) => i)

describe('F16', () => {
  test('reads every half exactly', () => {
    const values = toFloat32(stored('F16', [65536], everyHalf))
    const wrong = everyHalf.filter(bits => !Object.is(values[bits], halfValue(bits)))
    expect([...wrong]).toEqual([])
  })

  test('writes every half back to its bits, and every midpoint to the even neighbour', () => {
    const values = toFloat32(stored('F16', [65536], everyHalf))
    const back = new Uint16Array(fromFloat32(values, [65536], 'F16').bytes.buffer)
    const isNaNBits = (bits: number) => (bits & 0x7fff) > 0x7c00
    expect([...everyHalf.filter(bits => (isNaNBits(bits) ? !isNaNBits(back[bits]) : back[bits] !== bits))]).toEqual([])

    const finite = [...everyHalf.subarray(0, 0x7bff)]
    const step = (value: number, by: number) =>
      new Float32Array(new Int32Array([new Int32Array(Float32Array.of(value).buffer)[0] + by]).buffer)[0]
    const middles = finite.map(bits => (halfValue(bits) + halfValue(bits + 1)) / 2)
    const rounded = (values: number[]) => [
      ...new Uint16Array(fromFloat32(Float32Array.from(values), [values.length], 'F16').bytes.buffer),
    ]
    expect(rounded(middles)).toEqual(finite.map(bits => bits + (bits & 1)))
    expect(rounded(middles.map(value => step(value, -1)))).toEqual(finite)
    expect(rounded(middles.map(value => step(value, 1)))).toEqual(finite.map(bits => bits + 1))
  })

  test.each([
    [65519.996, 0x7bff],
    [65520, 0x7c00],
    [-1e30, 0xfc00],
    [1e-30, 0],
    [-1e-40, 0x8000],
    [Number.POSITIVE_INFINITY, 0x7c00],
  ])('writes %d as %d', (value, bits) => {
    expect(new Uint16Array(fromFloat32(Float32Array.of(value), [], 'F16').bytes.buffer)[0]).toBe(bits)
  })
})

describe('BF16', () => {
  test.each([
    [0x3f800000, 0x3f80],
    [0x3f808000, 0x3f80],
    [0x3f808001, 0x3f81],
    [0x3f818000, 0x3f82],
    [0x3f817fff, 0x3f81],
    [0x7f7fffff, 0x7f80],
    [0xff800000, 0xff80],
    [0x00000001, 0x0000],
    [0x80018000, 0x8002],
  ])('rounds the float of bits %d to %d', (bits, bfloat) => {
    const tensor = fromFloat32(new Float32Array(Uint32Array.of(bits).buffer), [1], 'BF16')
    expect(new Uint16Array(tensor.bytes.buffer)[0]).toBe(bfloat)
    expect(new Uint32Array(toFloat32(tensor).buffer)[0]).toBe(bfloat * 65536)
  })

  test('keeps NaN a NaN, whatever its payload', () => {
    const values = toFloat32(fromFloat32(new Float32Array(Uint32Array.of(0x7f800001, 0xffffffff).buffer), [2], 'BF16'))
    expect([...values]).toEqual([Number.NaN, Number.NaN])
  })
})

describe('toFloat32', () => {
  test.each<[StorageType, ArrayBufferView, number[]]>([
    ['F64', Float64Array.of(0.1, -1e300), [Math.fround(0.1), Number.NEGATIVE_INFINITY]],
    ['I64', BigInt64Array.of(-1n, 4294967297n, -(2n ** 40n), 0xffffffffn), [-1, 2 ** 32, -(2 ** 40), 2 ** 32]],
    ['I32', Int32Array.of(-7, 2 ** 30), [-7, 2 ** 30]],
    ['I16', Int16Array.of(-7, 32767), [-7, 32767]],
    ['I8', Int8Array.of(-7, 127), [-7, 127]],
    ['U8', Uint8Array.of(7, 255), [7, 255]],
    ['BOOL', Uint8Array.of(0, 1), [0, 1]],
  ])('converts %s', (dtype, elements, values) => {
    expect([...toFloat32(stored(dtype, [values.length], elements))]).toEqual(values)
  })

  test('multiplies each output by its scale', async () => {
    const weight = { ...stored('I8', [2, 3], Int8Array.of(1, -2, 3, 4, 5, -6)), scale: Float32Array.of(0.5, 2) }
    const values = [0.5, -1, 1.5, 8, 10, -12]
    expect([...toFloat32(weight)]).toEqual(values)
    expect([...(await readFloat32(weight))]).toEqual(values)
    const bytes = async (target: Uint8Array, from: number) => target.set(weight.bytes.subarray(from))
    expect([...(await readFloat32({ ...weight, bytes }))]).toEqual(values)
    const halves = { ...fromFloat32(Float32Array.of(1, 2), [2], 'F32'), scale: Float32Array.of(0.5, 0.5) }
    expect([...toFloat32(halves)]).toEqual([0.5, 1])
  })

  test('copies elements that are not aligned', () => {
    const file = new Uint8Array(9)
    file.set(new Uint8Array(Float32Array.of(1, 2).buffer), 1)
    const tensor = { dtype: 'F32', shape: [2], bytes: Buffer.from(file.buffer).subarray(1) } as const
    expect([...toFloat32(tensor)]).toEqual([1, 2])
  })

  test('rejects bytes that do not match the shape', () => {
    const tensor = { dtype: 'F32', shape: [2], bytes: new Uint8Array(9) } as const
    expect(() => toFloat32(tensor)).toThrow(
      expect.objectContaining({ name: 'ShapeError', message: 'F32 [2] does not take 9 bytes' }),
    )
  })
})

test('fromFloat32 rejects a shape with another number of elements', () => {
  expect(() => fromFloat32(new Float32Array(3), [2, 2], 'F32')).toThrow(
    expect.objectContaining({ name: 'ShapeError', message: 'shape [2,2] does not have the 3 elements given' }),
  )
})
