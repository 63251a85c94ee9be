/** An entry of a zip archive. The optional fields make entries that torch.save would not write. */
export interface ZipEntry {
  readonly name: string
  readonly data: Uint8Array
  readonly method?: number
  readonly flags?: number
  /** Puts sizes and offset into a zip64 extra field, after a field of another kind. */
  readonly isWide?: boolean
}

/** Builds a zip archive. `isWide` writes the 64-bit end records of archives over 4 GB. */
export function buildZip(entries: readonly ZipEntry[], isWide = false): Uint8Array {
  const parts: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let at = 0
  const add = (list: Uint8Array[], ...added: Uint8Array[]) => {
    list.push(...added)
    if (list === parts) for (const { length } of added) at += length
  }
  for (const { name, data, method = 0, flags = 0, isWide: isWideEntry = false } of entries) {
    const encoded = new TextEncoder().encode(name)
    const offset = at
    const common = [u16(20), u16(flags), u16(method), u32(0), u32(0)]
    add(
      parts,
      u32(0x04034b50),
      ...common,
      u32(data.length),
      u32(data.length),
      u16(encoded.length),
      u16(0),
      encoded,
      data,
    )
    const other = [u16(0x5455), u16(1), Uint8Array.of(0)]
    const wide = [u16(1), u16(24), u64(data.length), u64(data.length), u64(offset)]
    const extra = isWideEntry ? join([...other, ...wide]) : new Uint8Array(0)
    const [size, place] = isWideEntry ? [0xffffffff, 0xffffffff] : [data.length, offset]
    add(directory, u32(0x02014b50), u16(20), ...common, u32(size), u32(size), u16(encoded.length), u16(extra.length))
    add(directory, u16(0), u16(0), u16(0), u32(0), u32(place), encoded, extra)
  }
  const start = at
  const central = join(directory)
  add(parts, central)
  if (isWide) {
    const end = at
    const count = u64(entries.length)
    add(
      parts,
      u32(0x06064b50),
      u64(44),
      u16(45),
      u16(45),
      u32(0),
      u32(0),
      count,
      count,
      u64(central.length),
      u64(start),
    )
    add(parts, u32(0x07064b50), u32(0), u64(end), u32(1))
    add(parts, u32(0x06054b50), u32(0), u16(0xffff), u16(0xffff), u32(0xffffffff), u32(0xffffffff), u16(0))
  } else {
    add(
      parts,
      u32(0x06054b50),
      u32(0),
      u16(entries.length),
      u16(entries.length),
      u32(central.length),
      u32(start),
      u16(0),
    )
  }
  return join(parts)
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

const u16 = (value: number) => new Uint8Array(Uint16Array.of(value).buffer)
const u32 = (value: number) => new Uint8Array(Uint32Array.of(value).buffer)
const u64 = (value: number) => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer)
