import { VisionError } from '../errors.ts'
import type { ByteReader } from './byte-reader.ts'

const BLOCK = 512

/** A file within an archive; its content is what the reader reads next. */
export interface TarMember {
  /** With the folders it lies in. */
  readonly name: string
  /** In bytes. */
  readonly size: number
}

/**
 * The regular files of a tar archive (POSIX ustar), in order. While one is yielded its content may be read from
 * `reader`, none of it or a part or all. Long names of pax and GNU headers are not looked at.
 *
 * @throws VisionError for what is no tar archive, or ends in the middle; `name` is what messages call it.
 */
export async function* tarMembers(reader: ByteReader, name: string): AsyncGenerator<TarMember> {
  for (;;) {
    const at = reader.position
    const header = await reader.readUpTo(BLOCK)
    // An archive ends with two blocks of zeros, which some writers leave out.
    if (header.length === 0 || (header.length === BLOCK && header.every(byte => byte === 0))) return
    if (header.length < BLOCK) throw new VisionError(`${name}: cut short after ${reader.position} bytes; get it again`)
    if (octal(header, 148, 8) !== checksum(header)) {
      throw new VisionError(`${name}: byte ${at} of what is packed in it starts no tar header; get it again`)
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

/** The sum of a header's bytes, its own eight taken for spaces. */
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
