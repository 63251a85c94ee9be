/** A part of an ISO base media file (ISO/IEC 14496-12). AVIF and HEIC files are such files. */
interface Box {
  /** Four characters. */
  readonly type: string
  /** Where its content starts, and where it ends. */
  readonly start: number
  readonly end: number
}

/** The boxes between two positions in a file, up to the first that makes no sense. */
function* boxesIn(bytes: Uint8Array, from: number, to: number): Generator<Box, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = from; at + 8 <= to; ) {
    const short = view.getUint32(at)
    const isLong = short === 1
    if (isLong && at + 16 > to) return
    // Size 0 means the rest of the file, size 1 that a size of 64 bits follows.
    const size = short === 0 ? to - at : isLong ? Number(view.getBigUint64(at + 8)) : short
    const start = at + (isLong ? 16 : 8)
    const end = Math.min(to, at + size)
    if (end < start) return
    yield { type: text(bytes, at + 4, 4), start, end }
    at = end
  }
}

/** More brands than any file names. This also rejects text, whose first four characters are a much larger number. */
const MAX_FTYP_BYTES = 2048

/**
 * The brands that a file claims to conform to, the major brand first; none if the file does not start with a brand box.
 */
export function brandsOf(bytes: Uint8Array): string[] {
  if (bytes.length < 16 || text(bytes, 4, 4) !== 'ftyp') return []
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0)
  if (size < 16 || size % 4 !== 0 || size > Math.min(bytes.length, MAX_FTYP_BYTES)) return []
  const brands = [text(bytes, 8, 4)]
  // After the major brand comes its version.
  for (let at = 16; at < size; at += 4) brands.push(text(bytes, at, 4))
  return brands
}

/** The boxes at the end of a path of nested types, such as `meta`, `iprp`, `ipco`. */
export function* boxesAt(
  bytes: Uint8Array,
  [type, ...path]: readonly string[],
  from = 0,
  to = bytes.length,
): Generator<Box, void, undefined> {
  for (const box of boxesIn(bytes, from, to)) {
    if (box.type !== type) continue
    if (path.length === 0) yield box
    else yield* boxesAt(bytes, path, box.start + (HEADERS[type]?.(bytes[box.start]) ?? 0), box.end)
  }
}

/** Bytes before the inner boxes of some boxes, by version: the version itself, and a count. */
const HEADERS: Record<string, (version: number) => number> = {
  meta: () => 4,
  iinf: version => (version === 0 ? 6 : 8),
}

/** The types of the items that a file describes, such as `av01` and `Exif`. */
export function* itemTypes(bytes: Uint8Array): Generator<string, void, undefined> {
  for (const { start } of boxesAt(bytes, ['meta', 'iinf', 'infe'])) {
    // Version and flags, number of the item, protection, type.
    yield text(bytes, start + (bytes[start] < 3 ? 8 : 10), 4)
  }
}

function text(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length))
}
