import { FormatError, quote } from '../errors.ts'
import { checkWeight, type StorageType, storageTypes, type Weight } from '../weights/index.ts'

const typeRank = Object.keys(storageTypes) as StorageType[]

/**
 * Writes weights that are in memory as a safetensors file. The bytes depend only on the tensors and the metadata, not
 * on the order of the map. As in the reference implementation, larger element types come first, and tensors of one type
 * are in the order of their names in UTF-8. The header is padded to a multiple of 8 bytes, so that every tensor is
 * aligned to its elements.
 *
 * @param options.metadata free-form text for the header
 * @returns the bytes of the file
 * @throws ShapeError if a tensor's bytes do not match its dtype and shape; FormatError for the reserved name
 *   `__metadata__` and for a weight with a scale.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Weight<Uint8Array>>,
  options: { metadata?: Readonly<Record<string, string>> } = {},
): Uint8Array {
  const sorted = [...tensors].sort(
    ([a, left], [b, right]) => typeRank.indexOf(left.dtype) - typeRank.indexOf(right.dtype) || compareUtf8(a, b),
  )
  const fields: string[] = []
  if (options.metadata) fields.push(`"__metadata__":${JSON.stringify(options.metadata)}`)
  let end = 0
  for (const [name, tensor] of sorted) {
    if (name === '__metadata__') throw new FormatError('a tensor cannot be named "__metadata__" in safetensors')
    checkWeight(tensor, `tensor ${quote(name)}: `)
    if (tensor.scale) {
      throw new FormatError(
        `tensor ${quote(name)}: safetensors has no scales; write its values, or a tensor for its scale`,
      )
    }
    const begin = end
    end += tensor.bytes.length
    const entry = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, end] }
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`)
  }
  const header = new TextEncoder().encode(`{${fields.join(',')}}`)
  const headerLength = Math.ceil(header.length / 8) * 8
  const file = new Uint8Array(8 + headerLength + end)
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true)
  file.set(header, 8)
  let at = 8 + headerLength
  file.fill(0x20, 8 + header.length, at)
  for (const [, { bytes }] of sorted) {
    file.set(bytes, at)
    at += bytes.length
  }
  return file
}

/** Compares by code points, as UTF-8 sorts; JavaScript's `<` compares UTF-16 units, which differs above U+FFFF. */
function compareUtf8(a: string, b: string): number {
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  const rank = (text: string) => {
    const unit = text.charCodeAt(at)
    return Number.isNaN(unit) ? -1 : unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
  }
  return rank(a) - rank(b)
}
