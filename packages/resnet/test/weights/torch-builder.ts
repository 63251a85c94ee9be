import type { Weight } from '@residual/core'
import { buildZip, join } from './zip-builder.ts'

const latin = (text: string) => Uint8Array.from(text, character => character.charCodeAt(0))

/** Nests a pickled value in `depth` dicts, each under the same key. */
export const withinDicts = (value: string, depth: number, key = 'model') =>
  `${`}${text(key)}`.repeat(depth)}${value}${'s'.repeat(depth)}`

/** A zip archive as torch.save writes it. `wrap` may change the pickle of the dict before it is written. */
export function torchZip(tensors: Map<string, Weight<Uint8Array>>, wrap = (dict: string) => dict): Uint8Array {
  const values = [...tensors.values()]
  return buildZip([
    { name: 'archive/data.pkl', data: latin(pickle(wrap(dictOf(tensors)))) },
    ...values.map(({ bytes }, i) => ({ name: `archive/data/${i}`, data: bytes })),
  ])
}

/** A file as torch.save wrote it before PyTorch 1.6: several pickles, then the storages. */
export function torchLegacy(tensors: Map<string, Weight<Uint8Array>>, wrap = (dict: string) => dict): Uint8Array {
  const keys = [...tensors.keys()].map((_, i) => text(`${i}`))
  const pickles = [
    '\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19',
    'M\xe9\x03',
    `}${text('little_endian')}\x88s`,
    wrap(dictOf(tensors)),
    `](${keys.join('')}e`,
  ]
  const storages = [...tensors.values()].flatMap(({ shape, bytes }) => [u64(sizeOf(shape)), bytes])
  return join([...pickles.map(value => latin(pickle(value))), ...storages])
}

const pickle = (value: string) => `\x80\x02${value}.`

function dictOf(tensors: Map<string, Weight<Uint8Array>>): string {
  const items = [...tensors].map(([name, { shape, dtype }], i) => {
    const type = dtype === 'F16' ? 'HalfStorage' : 'FloatStorage'
    const storage = `(${text('storage')}ctorch\n${type}\n${text(`${i}`)}${text('cpu')}${whole(sizeOf(shape))}tQ`
    const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
    const parts = `${storage}${whole(0)}${tuple(shape)}${tuple(strides)}\x89ccollections\nOrderedDict\n)R`
    return `${text(name)}ctorch._utils\n_rebuild_tensor_v2\n(${parts}tR`
  })
  return `}(${items.join('')}u`
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)
const tuple = (numbers: readonly number[]) => `(${numbers.map(whole).join('')}t`
const characters = (bytes: ArrayBuffer) => String.fromCharCode(...new Uint8Array(bytes))
const whole = (value: number) => `J${characters(Int32Array.of(value).buffer)}`
const text = (value: string) => `X${characters(Uint32Array.of(value.length).buffer)}${value}`
const u64 = (value: number) => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer)
