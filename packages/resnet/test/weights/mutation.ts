/** Marsaglia's xorshift32, below a limit: the same mutations on every run. */
export function randomBelow(seed: number): (limit: number) => number {
  let state = seed
  return limit => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
}

/**
 * A damaged copy of a file: bytes changed, inserted or removed, a part repeated over another, or the end cut off.
 *
 * @param extent Where changes may fall: the part of the file that describes it rather than the elements of tensors.
 */
export function mutate(file: Uint8Array, extent: [from: number, to: number], below: (limit: number) => number) {
  const place = () => extent[0] + below(extent[1] - extent[0])
  const changed = file.slice()
  switch (below(6)) {
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
    default:
      return changed.subarray(0, below(file.length))
  }
}
