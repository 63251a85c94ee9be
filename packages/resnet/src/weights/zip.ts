import { FormatError, quote } from '@residual/core'

interface Entry {
  readonly flags: number
  readonly method: number
  readonly size: number
  readonly headerOffset: number
}

const ENTRY = 0x02014b50
const LOCAL_HEADER = 0x04034b50
const END = 0x06054b50
const END64 = 0x06064b50
const END64_LOCATOR = 0x07064b50
const END_SIZE = 22
const MAX_COMMENT = 0xffff
/**
 * Far more than any network has storages. An entry takes about 50 bytes of the file, but several times that in memory.
 */
const MAX_ENTRIES = 100_000

/** A zip archive with uncompressed entries, as torch.save writes it (APPNOTE.TXT 6.3.10). */
export class Zip {
  private readonly entries = new Map<string, Entry>()
  private readonly view: DataView

  /** @throws FormatError if the central directory is damaged. */
  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const { count, offset, end } = this.directory()
    if (count > MAX_ENTRIES) throw new FormatError(`the zip archive has more than ${MAX_ENTRIES} entries`)
    let at = offset
    for (let i = 0; i < count; i++) at = this.readEntry(at, end)
  }

  get names(): string[] {
    return [...this.entries.keys()]
  }

  /**
   * Returns a view of the bytes of an entry; undefined if no entry has this name.
   *
   * @throws FormatError if it is compressed, encrypted or reaches beyond the file.
   */
  read(name: string): Uint8Array | undefined {
    const entry = this.entries.get(name)
    if (!entry) return undefined
    const fail = (what: string) => new FormatError(`zip entry ${quote(name)} ${what}`)
    if (entry.flags & 1) throw fail('is encrypted')
    if (entry.method !== 0) throw fail('is compressed, which torch.save never does; save the weights again')
    const { headerOffset } = entry
    if (headerOffset + 30 > this.bytes.length || this.view.getUint32(headerOffset, true) !== LOCAL_HEADER) {
      throw fail('is not where the directory says')
    }
    const nameAndExtra = this.view.getUint16(headerOffset + 26, true) + this.view.getUint16(headerOffset + 28, true)
    const start = headerOffset + 30 + nameAndExtra
    if (start + entry.size > this.bytes.length) throw fail('reaches beyond the end of the file, which may be cut short')
    return this.bytes.subarray(start, start + entry.size)
  }

  private directory(): { count: number; offset: number; end: number } {
    const last = this.bytes.length - END_SIZE
    for (let at = last; at >= 0 && at >= last - MAX_COMMENT; at--) {
      if (
        this.view.getUint32(at, true) !== END ||
        at + END_SIZE + this.view.getUint16(at + 20, true) > this.bytes.length
      )
        continue
      const count = this.view.getUint16(at + 10, true)
      const offset = this.view.getUint32(at + 16, true)
      return count === 0xffff || offset === 0xffffffff ? this.directory64(at - 20) : { count, offset, end: at }
    }
    throw new FormatError('the zip archive has no central directory; the file may be cut short')
  }

  private directory64(locator: number): { count: number; offset: number; end: number } {
    if (locator >= 0 && this.view.getUint32(locator, true) === END64_LOCATOR) {
      const at = this.uint64(locator + 8)
      if (at + 56 <= locator && this.view.getUint32(at, true) === END64) {
        return { count: this.uint64(at + 32), offset: this.uint64(at + 48), end: at }
      }
    }
    throw new FormatError('the zip archive is damaged: its 64-bit directory is not where it should be')
  }

  private readEntry(at: number, end: number): number {
    const damaged = () => new FormatError(`the zip archive is damaged: its directory breaks off at byte ${at}`)
    if (at + 46 > end || this.view.getUint32(at, true) !== ENTRY) throw damaged()
    const nameEnd = at + 46 + this.view.getUint16(at + 28, true)
    const extraEnd = nameEnd + this.view.getUint16(at + 30, true)
    const next = extraEnd + this.view.getUint16(at + 32, true)
    if (next > end) throw damaged()
    const name = new TextDecoder().decode(this.bytes.subarray(at + 46, nameEnd))
    if (this.entries.has(name)) throw new FormatError(`the zip archive has two entries ${quote(name)}`)

    // The zip64 extra field holds, in this order, the values that do not fit into 32 bits.
    let wide = this.zip64Field(nameEnd, extraEnd)
    const [, size, headerOffset] = [24, 20, 42].map(field => {
      const value = this.view.getUint32(at + field, true)
      if (value !== 0xffffffff) return value
      if (wide + 8 > extraEnd) throw damaged()
      wide += 8
      return this.uint64(wide - 8)
    })
    const flags = this.view.getUint16(at + 8, true)
    this.entries.set(name, { flags, method: this.view.getUint16(at + 10, true), size, headerOffset })
    return next
  }

  /** The position of the values in the zip64 extra field; the end if there is no such field. */
  private zip64Field(start: number, end: number): number {
    for (let at = start; at + 4 <= end; at += 4 + this.view.getUint16(at + 2, true)) {
      if (this.view.getUint16(at, true) === 1) return at + 4
    }
    return end
  }

  private uint64(at: number): number {
    return Number(this.view.getBigUint64(at, true))
  }
}
