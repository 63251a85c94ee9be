/** Returns a whole number of at least 0 and below a limit. */
export type Below = (limit: number) => number

/** Marsaglia's xorshift32, below a limit: it gives the same mutations in every run. */
export function randomBelow(seed: number): Below {
  // The state 0 would stay 0.
  let state = seed >>> 0 || 1
  return limit => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
}

export const oneOf = <T>(choices: readonly T[], below: Below): T => choices[below(choices.length)]

/** Numbers at which a reader's arithmetic is most likely to go wrong. */
const ODD_NUMBERS = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1, 0x7fff, 0xffff, 0x10000, 0x1000000]

/**
 * Returns a damaged copy of a file: bits, bytes or numbers are changed, parts are inserted, removed or repeated, or the
 * end is cut off or taken from another file.
 *
 * @param extent where changes may fall: the part of the file that describes it rather than the elements of tensors
 * @param other the file that its end may be taken from
 */
export function mutate(file: Uint8Array, extent: [from: number, to: number], below: Below, other = file): Uint8Array {
  const place = () => extent[0] + below(extent[1] - extent[0])
  const changed = file.slice()
  switch (below(10)) {
    case 0:
      changed[place()] ^= 1 << below(8)
      return changed
    case 1:
      for (let n = 1 + below(8); n > 0; n--) changed[place()] = below(256)
      return changed
    case 2: {
      // Lengths and counts at their limits.
      changed.fill([0x00, 0x7f, 0x80, 0xff][below(4)], place(), place() + 1 + below(8))
      return changed
    }
    case 3:
      changed.copyWithin(place(), place(), place())
      return changed
    case 4: {
      const at = place()
      changed.copyWithin(at + 1, at)
      changed[at] = below(256)
      return changed
    }
    case 5:
      return withNumber(changed, place(), below)
    case 6: {
      const at = place()
      return joined(file.subarray(0, at), file.subarray(at + 1 + below(64)))
    }
    case 7: {
      const [at, from] = [place(), place()]
      const part = file.subarray(from, from + 1 + below(256))
      const times = Array<Uint8Array>(1 + below(40)).fill(part)
      return joined(file.subarray(0, at), ...times, file.subarray(at))
    }
    case 8:
      return joined(file.subarray(0, place()), other.subarray(below(other.length)))
    default:
      return changed.subarray(0, below(file.length))
  }
}

/** Replaces a number of two or four bytes, in either byte order, by one at its limits or near its old value. */
function withNumber(file: Uint8Array, at: number, below: Below): Uint8Array {
  const size = 2 + 2 * below(2)
  if (at + size > file.length) return file
  const view = new DataView(file.buffer, file.byteOffset + at, size)
  const isLittle = below(2) === 0
  const old = size === 2 ? view.getUint16(0, isLittle) : view.getUint32(0, isLittle)
  const value = below(4) > 0 ? oneOf(ODD_NUMBERS, below) : old + oneOf([-1, 1, 256, old], below)
  if (size === 2) view.setUint16(0, value, isLittle)
  else view.setUint32(0, value, isLittle)
  return file
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
