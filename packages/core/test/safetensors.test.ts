import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  fromFloat32,
  readSafetensors,
  type StorageType,
  toFloat32,
  type Weight,
  writeSafetensors,
} from '../src/index.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

/** A file with this header text and `dataLength` zero bytes of data. */
function fileOf(header: string | Uint8Array, dataLength = 0, length?: bigint): Uint8Array {
  const text = typeof header === 'string' ? bytesOf(header) : header
  const file = new Uint8Array(8 + text.length + dataLength)
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(text.length), true)
  file.set(text, 8)
  return file
}

const entry = (dtype: string, shape: string, offsets: string) =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`

const known = 'F64, F32, I32, BF16, F16, I16, I8, U8, BOOL'
const malformed: [what: string, file: Uint8Array, message: string][] = [
  ['an empty file', new Uint8Array(0), 'safetensors file of 0 bytes is too short, wanted at least 8'],
  ['seven bytes', new Uint8Array(7), 'safetensors file of 7 bytes is too short, wanted at least 8'],
  [
    'a header longer than the file',
    fileOf('{}', 0, 3n),
    'safetensors header of 3 bytes is longer than its file of 10 bytes',
  ],
  [
    'the largest header length',
    fileOf('{}', 0, 2n ** 64n - 1n),
    'safetensors header of 18446744073709551615 bytes is longer than its file of 10 bytes',
  ],
  [
    'a header over 100 MB',
    fileOf('{}', 100_000_000, 100_000_001n),
    'safetensors header of 100000001 bytes is longer than the allowed 100000000',
  ],
  ['an empty header', fileOf('', 4), "safetensors header does not start with '{'"],
  ['a header that starts with a space', fileOf(' {}'), "safetensors header does not start with '{'"],
  ['bytes that are not UTF-8', fileOf(Uint8Array.of(0x7b, 0xff, 0x7d)), 'safetensors header is not valid UTF-8'],
  ['an open brace', fileOf('{'), 'safetensors header is not valid: expected a string at character 1'],
  [
    'a comma before }',
    fileOf('{"__metadata__":{},}'),
    'safetensors header is not valid: expected a string at character 19',
  ],
  ['text after the header', fileOf('{} x'), 'safetensors header is not valid: expected the end at character 3'],
  [
    'a key without an end',
    fileOf('{"a'),
    'safetensors header is not valid: expected the end of this string at character 1',
  ],
  [
    'a key that ends in \\',
    fileOf('{"a\\'),
    'safetensors header is not valid: expected the end of this string at character 1',
  ],
  ['an unknown escape', fileOf('{"\\x":1}'), 'safetensors header is not valid: expected a valid string at character 1'],
  [
    'a lone surrogate',
    fileOf('{"\\ud800":1}'),
    'safetensors header is not valid: expected a valid string at character 1',
  ],
  ['no colon', fileOf('{"a" 1}'), "safetensors header is not valid: expected ':' at character 5"],
  ['a number for an entry', fileOf('{"a":1}'), "safetensors header is not valid: expected '{' at character 5"],
  [
    'metadata of numbers',
    fileOf('{"__metadata__":{"a":1}}'),
    'safetensors header is not valid: expected a string at character 21',
  ],
  [
    'nested lists',
    fileOf(`{"a":{"shape":${'['.repeat(1000)}`),
    'safetensors header is not valid: expected a number at character 15',
  ],
  [
    'nested metadata',
    fileOf(`{"__metadata__":{"a":${'{"a":'.repeat(100_000)}`),
    'safetensors header is not valid: expected a string at character 21',
  ],
  [
    'a text in a shape',
    fileOf('{"a":{"shape":["1"]}}'),
    'safetensors header is not valid: expected a number at character 15',
  ],
  [
    'two equal tensors',
    fileOf(`{"a":${entry('U8', '[0]', '[0,0]')},"\\u0061":{}}`),
    'safetensors header: duplicate key "a"',
  ],
  ['two equal fields', fileOf('{"a":{"dtype":"U8","dtype":"U8"}}'), 'safetensors header: duplicate key "dtype"'],
  ['two equal metadata keys', fileOf('{"__metadata__":{"k":"1","k":"2"}}'), 'safetensors header: duplicate key "k"'],
  [
    'two keys __proto__',
    fileOf('{"__metadata__":{"__proto__":"1","__proto__":"2"}}'),
    'safetensors header: duplicate key "__proto__"',
  ],
  ['no dtype', fileOf('{"a":{"shape":[],"data_offsets":[0,0]}}'), 'tensor "a": no field "dtype"'],
  ['no shape', fileOf('{"a":{"dtype":"U8"}}'), 'tensor "a": no field "shape"'],
  ['no offsets', fileOf('{"a":{"dtype":"U8","shape":[]}}'), 'tensor "a": no field "data_offsets"'],
  ['an unknown field', fileOf('{"a":{"stride":[1]}}'), 'tensor "a": unknown field "stride"'],
  [
    'an unknown dtype',
    fileOf(`{"a":${entry('F8_E4M3', '[1]', '[0,1]')}}`, 1),
    `tensor "a": unknown dtype "F8_E4M3" (known: I64, ${known})`,
  ],
  [
    'a dtype from a prototype',
    fileOf(`{"a":${entry('constructor', '[1]', '[0,1]')}}`, 1),
    `tensor "a": unknown dtype "constructor" (known: I64, ${known})`,
  ],
  [
    'a negative size',
    fileOf(`{"a":${entry('U8', '[2,-1]', '[0,0]')}}`),
    'tensor "a": shape [2, -1] is not a list of whole numbers from 0 to 2^53 - 1',
  ],
  [
    'a fraction',
    fileOf(`{"a":${entry('U8', '[1.5]', '[0,1]')}}`, 1),
    'tensor "a": shape [1.5] is not a list of whole numbers from 0 to 2^53 - 1',
  ],
  [
    'a size of 2^53',
    fileOf(`{"a":${entry('U8', '[9007199254740992]', '[0,0]')}}`),
    'tensor "a": shape [9007199254740992] is not a list of whole numbers from 0 to 2^53 - 1',
  ],
  [
    'a product beyond 2^53',
    fileOf(`{"a":${entry('U8', '[4294967296,4294967296]', '[0,0]')}}`),
    'tensor "a": shape [4294967296, 4294967296] takes more than 2^53 - 1 bytes',
  ],
  [
    '2^53 bytes',
    fileOf(`{"a":${entry('F64', '[1125899906842624]', '[0,0]')}}`),
    'tensor "a": shape [1125899906842624] takes more than 2^53 - 1 bytes',
  ],
  [
    'too many dimensions',
    fileOf(`{"a":${entry('U8', `[${Array(65).fill(1)}]`, '[0,1]')}}`, 1),
    'tensor "a": more than 64 numbers in "shape"',
  ],
  [
    'three offsets',
    fileOf(`{"a":${entry('U8', '[1]', '[0,1,2]')}}`, 2),
    'tensor "a": data_offsets [0, 1, 2] are not two whole numbers from 0 to 2^53 - 1',
  ],
  [
    'a negative offset',
    fileOf(`{"a":${entry('U8', '[1]', '[-1,0]')}}`, 1),
    'tensor "a": data_offsets [-1, 0] are not two whole numbers from 0 to 2^53 - 1',
  ],
  [
    'an end before the beginning',
    fileOf(`{"a":${entry('U8', '[1]', '[1,0]')}}`, 1),
    'tensor "a": data_offsets [1, 0] end before they begin',
  ],
  [
    'an end beyond the data',
    fileOf(`{"a":${entry('U8', '[2]', '[0,2]')}}`, 1),
    'tensor "a": data_offsets [0, 2] reach beyond the 1 bytes of data',
  ],
  [
    'too few bytes',
    fileOf(`{"a":${entry('F32', '[2, 2]', '[0,12]')}}`, 12),
    'tensor "a": data_offsets [0, 12] hold 12 bytes, but F32 [2, 2] takes 16',
  ],
  [
    'an overlap',
    fileOf(`{"b":${entry('U8', '[4]', '[2,6]')},"a":${entry('U8', '[4]', '[0,4]')}}`, 6),
    'tensors "a" and "b" overlap from byte 2 of the data',
  ],
  [
    'the same bytes twice',
    fileOf(`{"b":${entry('U8', '[4]', '[0,4]')},"a":${entry('U8', '[4]', '[0,4]')}}`, 4),
    'tensors "b" and "a" overlap from byte 0 of the data',
  ],
  [
    'a gap',
    fileOf(`{"a":${entry('U8', '[1]', '[0,1]')},"b":${entry('U8', '[1]', '[2,3]')}}`, 3),
    'bytes 1 to 2 of the safetensors data belong to no tensor',
  ],
  [
    'data after the last tensor',
    fileOf(`{"a":${entry('U8', '[1]', '[0,1]')}}`, 9),
    'bytes 1 to 9 of the safetensors data belong to no tensor',
  ],
  ['data but no tensor', fileOf('{}', 1), 'bytes 0 to 1 of the safetensors data belong to no tensor'],
  ['a name with a line break', fileOf('{"a\\nb":{"dtype":"U8"}}'), 'tensor "a\\nb": no field "shape"'],
  ['a long name', fileOf(`{"${'x'.repeat(1000)}":{"dtype":"U8"}}`), `tensor "${'x'.repeat(77)}...": no field "shape"`],
]

describe('readSafetensors', () => {
  test.each(malformed)('rejects %s', (_, file, message) => {
    let error: unknown
    try {
      readSafetensors(file)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ name: 'FormatError', message })
  })

  test('rejects more keys than any network has', () => {
    const keys = Array.from({ length: 100_001 }, (_, i) => `"${i}":""`)
    expect(() => readSafetensors(fileOf(`{"__metadata__":{${keys}}}`))).toThrow(
      'safetensors header: more than 100000 keys in an object',
    )
  })

  test('reads scalars, empty tensors, padding and names that objects inherit', () => {
    const names = ['__proto__', 'constructor', '', 'é𝕏"\\\n']
    const header = names.map((name, i) => `${JSON.stringify(name)} : ${entry('U8', '[ ]', `[${i},${i + 1}]`)}`)
    header.push(`"empty":${entry('F32', '[3,0,9007199254740991]', '[2,2]')}`)
    const { tensors, metadata } = readSafetensors(
      fileOf(`{"__metadata__":{"__proto__":"x","toString":"y"},${header}}\n  `, 4),
    )
    expect([...tensors.keys()]).toEqual(['__proto__', 'constructor', 'empty', '', 'é𝕏"\\\n'])
    expect(tensors.get('empty')).toEqual({ dtype: 'F32', shape: [3, 0, 2 ** 53 - 1], bytes: new Uint8Array(0) })
    expect(Object.entries(metadata)).toEqual([
      ['__proto__', 'x'],
      ['toString', 'y'],
    ])
    expect(metadata.constructor).toBeUndefined()
  })

  test('returns views, even of a Node Buffer inside a larger one', () => {
    const file = writeSafetensors(new Map([['a', fromFloat32(Float32Array.of(1, 2), [2], 'F32')]]))
    const pool = Buffer.alloc(file.length + 8)
    pool.set(file, 8)
    const tensor = readSafetensors(pool.subarray(8)).tensors.get('a')!
    expect(tensor.bytes.buffer).toBe(pool.buffer)
    expect(tensor.bytes).not.toBeInstanceOf(Buffer)
    expect(toFloat32(tensor).buffer).toBe(pool.buffer)
  })
})

describe('writeSafetensors', () => {
  test('sorts by decreasing alignment, then by the UTF-8 of the name, and aligns the data', () => {
    const dtypes: [StorageType, number][] = [
      ['BOOL', 1],
      ['U8', 1],
      ['I8', 1],
      ['I16', 2],
      ['F16', 2],
      ['BF16', 2],
      ['I32', 4],
      ['F32', 4],
      ['F64', 8],
      ['I64', 8],
    ]
    const tensors = new Map<string, Weight<Uint8Array>>(
      dtypes.map(([dtype, size]) => [dtype, { dtype, shape: [], bytes: new Uint8Array(size) }]),
    )
    for (const name of ['𝕏', '\uffff', 'b', 'aa', 'a'])
      tensors.set(name, { dtype: 'U8', shape: [1], bytes: new Uint8Array(1) })
    const file = writeSafetensors(tensors, { metadata: { format: 'pt' } })
    const read = readSafetensors(file)
    expect([...read.tensors.keys()]).toEqual([
      'I64',
      'F64',
      'F32',
      'I32',
      'BF16',
      'F16',
      'I16',
      'I8',
      'U8',
      'a',
      'aa',
      'b',
      '\uffff',
      '𝕏',
      'BOOL',
    ])
    expect(read.tensors.get('I64')!.bytes.byteOffset % 8).toBe(0)
    expect({ ...read.metadata }).toEqual({ format: 'pt' })
  })

  test('writes the bytes of the reference implementation', () => {
    const tensors = new Map<string, Weight<Uint8Array>>([
      ['b', fromFloat32(Float32Array.of(1, -2), [2, 1], 'F16')],
      ['a', fromFloat32(Float32Array.of(0.5), [], 'F32')],
    ])
    const header =
      '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},' +
      '"b":{"dtype":"F16","shape":[2,1],"data_offsets":[4,8]}}     '
    const data = Uint8Array.of(0, 0, 0, 0x3f, 0, 0x3c, 0, 0xc0)
    const file = fileOf(header, data.length)
    file.set(data, file.length - data.length)
    expect(writeSafetensors(tensors, { metadata: { format: 'pt' } })).toEqual(file)
  })

  test.each([
    ['__metadata__', [1], 'FormatError', 'a tensor cannot be named "__metadata__" in safetensors'],
    ['a', [2, 3], 'ShapeError', 'tensor "a": U8 [2,3] does not take 1 bytes'],
  ])('rejects %s of shape %j', (name, shape, type, message) => {
    const write = () => writeSafetensors(new Map([[name, { dtype: 'U8', shape, bytes: new Uint8Array(1) }]]))
    expect(write).toThrow(expect.objectContaining({ name: type, message }))
  })

  test('rejects a scale, which a reader would not find', () => {
    const weight = { ...fromFloat32(Float32Array.of(1), [1], 'F32'), scale: Float32Array.of(2) }
    expect(() => writeSafetensors(new Map([['w', weight]]))).toThrow(
      expect.objectContaining({
        name: 'FormatError',
        message: 'tensor "w": safetensors has no scales; write its values, or a tensor for its scale',
      }),
    )
  })

  test('reads back what it wrote', () => {
    const anyTensor = fc.record({
      dtype: fc.constantFrom<StorageType[]>('F32', 'F16', 'I64', 'U8'),
      shape: fc.array(fc.nat(3), { maxLength: 3 }),
    })
    const sizes = { F32: 4, F16: 2, I64: 8, U8: 1 } as Record<StorageType, number>
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), anyTensor),
        fc.dictionary(fc.string(), fc.string()),
        (all, metadata) => {
          delete all.__metadata__
          const tensors = new Map<string, Weight<Uint8Array>>(
            Object.entries(all).map(([name, { dtype, shape }], i) => {
              const length = shape.reduce((a, b) => a * b, sizes[dtype])
              return [name, { dtype, shape, bytes: new Uint8Array(length).fill(i + 1) }]
            }),
          )
          const read = readSafetensors(writeSafetensors(tensors, { metadata }))
          expect(new Map([...read.tensors].sort())).toEqual(new Map([...tensors].sort()))
          expect(Object.entries(read.metadata)).toEqual(Object.entries(metadata))
        },
      ),
      { numRuns: 100, seed: 1 },
    )
  })
})
