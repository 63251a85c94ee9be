/** A part of an ISO base media file (ISO/IEC 14496-12), which AVIF and HEIC files are. */
interface Box {
  /** Four characters. */
  readonly type: string
  /** Where its content starts, and where it ends. */
  readonly start: number
  readonly end: number
}

/** The boxes between two places of a file, as far as they make sense. */
export function* boxesIn(bytes: Uint8Array, from: number, to: number): Generator<Box, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = from; at + 8 <= to; ) {
    const short = view.getUint32(at)
    const isLong = short === 1
    if (isLong && at + 16 > to) return
    // Size 0 stands for all the rest, size 1 for one that follows in 64 bits.
    const size = short === 0 ? to - at : isLong ? Number(view.getBigUint64(at + 8)) : short
    const start = at + (isLong ? 16 : 8)
    const end = Math.min(to, at + size)
    if (end < start) return
    yield { type: text(bytes, at + 4, 4), start, end }
    at = end
  }
}

/** More brands than any file names. It also keeps text out: its first four characters are a number far above. */
const MAX_FTYP_BYTES = 2048

/** The brands that a file says it conforms to, the major one first; none where it does not start with a box of them. */
export function brandsOf(bytes: Uint8Array): string[] {
  if (bytes.length < 16 || text(bytes, 4, 4) !== 'ftyp') return []
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0)
  if (size < 16 || size % 4 !== 0 || size > Math.min(bytes.length, MAX_FTYP_BYTES)) return []
  const brands = [text(bytes, 8, 4)]
  // After the major brand comes its version.
  for (let at = 16; at < size; at += 4) brands.push(text(bytes, at, 4))
  return brands
}

function text(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length))
}
