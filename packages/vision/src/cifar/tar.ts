import { VisionError } from '../errors.ts'
import type { ByteReader } from './byte-reader.ts'

const BLOCK = 512

/** A file in an archive; the reader reads its content next. */
export interface TarMember {
  /** Its path in the archive. */
  readonly name: string
  /** In bytes. */
  readonly size: number
}

/**
 * Yields the regular files of a tar archive (POSIX ustar), in order. After each, the caller may read any part of its
 * content from `reader`. Long names in pax and GNU headers are ignored.
 *
 * @throws VisionError if it is not a tar archive or is cut short; messages call the archive `name`.
 */
export async function* tarMembers(reader: ByteReader, name: string): AsyncGenerator<TarMember> {
  for (;;) {
    const at = reader.position
    const header = await reader.readUpTo(BLOCK)
    // An archive ends with two blocks of zeros, which some programs do not write.
    if (header.length === 0 || (header.length === BLOCK && header.every(byte => byte === 0))) return
    if (header.length < BLOCK) throw new VisionError(`${name}: cut short after ${reader.position} bytes; get it again`)
    if (octal(header, 148, 8) !== checksum(header)) {
      throw new VisionError(
        `${name}: byte ${at} of the unpacked archive is not the start of a tar header; get it again`,
      )
    }
    const size = octal(header, 124, 12)
    if (size === undefined)
      throw new VisionError(`${name}: the tar header at byte ${at} has no valid size; get it again`)
    const type = header[156]
    const member = { name: text(header, 0, 100), size }
    const contentAt = reader.position
    if (type === 0 || type === 0x30) yield member
    await reader.skip(contentAt + Math.ceil(size / BLOCK) * BLOCK - reader.position)
  }
}

/** The sum of a header's bytes, with the eight bytes of the sum itself counted as spaces. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0)
}

function text(header: Uint8Array, at: number, length: number): string {
  const bytes = header.subarray(at, at + length)
  const end = bytes.indexOf(0)
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? length : end))
}

function octal(header: Uint8Array, at: number, length: number): number | undefined {
  const digits = text(header, at, length).trim()
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined
}
