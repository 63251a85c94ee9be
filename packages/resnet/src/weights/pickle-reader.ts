import { FormatError } from '@residual/core'

/**
 * Longer than any key. V8's strings are limited to half a gigabyte, and a decoder would throw another kind of error.
 */
const MAX_TEXT = 2 ** 24
const decoders = {
  'utf-8': new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
  latin1: new TextDecoder('latin1'),
}
/** The longest integer in bytes; torch's magic number has 10. */
const MAX_INTEGER_BYTES = 255

/** Reads the opcodes of a pickle and their arguments, one after the other. */
export class PickleReader {
  private readonly view: DataView

  /** @param at the position of the next byte. */
  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  int32(): number {
    return this.view.getInt32(this.take(4), true)
  }

  float64(): number {
    return this.view.getFloat64(this.take(8), false)
  }

  /** Skips the next `count` bytes and returns their position. */
  private take(count: number): number {
    const start = this.at
    if (count > this.bytes.length - start) throw new FormatError(`the pickle ends too early, at byte ${start}`)
    this.at += count
    return start
  }

  uint(size: 1 | 2 | 4 | 8): number {
    const start = this.take(size)
    if (size === 1) return this.view.getUint8(start)
    if (size === 2) return this.view.getUint16(start, true)
    if (size === 4) return this.view.getUint32(start, true)
    return Number(this.view.getBigUint64(start, true))
  }

  /** An integer in two's complement, little-endian. */
  integer(size: number): number | bigint {
    if (size > MAX_INTEGER_BYTES) throw this.damaged(`has an integer of ${size} bytes`)
    const digits = this.blob(size)
    let value = 0n
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(digits[i])
    value = BigInt.asIntN(8 * size, value)
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }

  blob(size: number): Uint8Array {
    const start = this.take(size)
    return this.bytes.subarray(start, start + size)
  }

  text(size: number, encoding: 'utf-8' | 'latin1'): string {
    if (size > MAX_TEXT) throw this.damaged(`has a text of ${size} bytes`)
    const bytes = this.blob(size)
    try {
      return decoders[encoding].decode(bytes)
    } catch {
      throw this.damaged('has a text that is not valid UTF-8')
    }
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at)
    if (end < 0) throw new FormatError(`the pickle ends too early, at byte ${this.at}`)
    const text = this.text(end - this.at, 'utf-8')
    this.take(1)
    return text
  }

  damaged(what: string, back = 0): FormatError {
    return new FormatError(`the pickle is damaged: it ${what}, at byte ${this.at - back}`)
  }
}
