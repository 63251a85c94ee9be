import { VisionError } from './errors.ts'

/** The four words of state from which a {@link Random} continues; plain numbers, so that JSON preserves them. */
export type RandomState = readonly [number, number, number, number]

/**
 * A generator of pseudo-random numbers that are the same in every JavaScript engine: xoshiro128** 1.1 by Blackman and
 * Vigna ("Scrambled linear pseudorandom number generators", 2021). Do not use it for secrets.
 */
export class Random {
  /** An array, because engines store a 32-bit field as a double, which is slower. Its initial words are arbitrary. */
  readonly #words = Int32Array.of(0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667)

  /**
   * @param seed a whole number; different seeds give different numbers
   * @throws VisionError if the seed is not a whole number.
   */
  constructor(seed: number) {
    this.#absorbKey(seed)
  }

  /**
   * Creates a generator that continues from a saved {@link Random.state}.
   * @throws VisionError for anything but four whole numbers from 0 to 2^32 - 1, not all 0.
   */
  static of(state: RandomState): Random {
    const words = Array.isArray(state) ? [...state] : []
    if (words.length !== 4 || words.some(word => word !== word >>> 0) || words.every(word => word === 0)) {
      throw new VisionError(
        'got a random state that is not four whole numbers from 0 to 2^32 - 1, of which one is not 0',
      )
    }
    const random = new Random(0)
    random.#words.set(state)
    return random
  }

  /** The state that determines which numbers come next. */
  state(): RandomState {
    const [a, b, c, d] = new Uint32Array(this.#words.buffer)
    return [a, b, c, d]
  }

  /**
   * Creates an independent generator for a list of keys. It depends on the keys and on this generator's state, which
   * does not change. So the numbers drawn for one purpose never depend on how many were drawn for another.
   *
   * @param keys whole numbers and strings
   * @throws VisionError for a key that is neither.
   */
  fork(...keys: readonly (number | string)[]): Random {
    const random = new Random(0)
    random.#words.set(this.#words)
    random.#absorb(keys.length)
    for (const key of keys) random.#absorbKey(key)
    return random
  }

  /** Draws a whole number from 0 to 2^32 - 1. */
  next(): number {
    const words = this.#words
    const [b, d] = [words[1], words[3]]
    const scrambled = Math.imul(b, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0
    const c = words[2] ^ words[0]
    const last = d ^ b
    words[0] ^= last
    words[1] = b ^ c
    words[2] = c ^ (b << 9)
    words[3] = (last << 11) | (last >>> 21)
    return result
  }

  /** Draws a multiple of 2^-53 that is at least 0 and below 1. */
  uniform(): number {
    return ((this.next() >>> 5) * 2 ** 26 + (this.next() >>> 6)) / 2 ** 53
  }

  /**
   * Draws a whole number from 0 to `n - 1`, all equally likely.
   * @throws VisionError for an `n` that is not a whole number from 1 to 2^32.
   */
  below(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new VisionError(`got a random number below ${n}, wanted a whole number from 1 to 2^32`)
    }
    for (;;) {
      const drawn = this.next()
      const result = drawn % n
      // The last incomplete group of n numbers would make small results more likely.
      if (drawn - result <= 2 ** 32 - n) return result
    }
  }

  /**
   * Draws a normally distributed number with mean 0 and variance 1. Karney's algorithm ("Sampling exactly from the
   * normal distribution", 2016) only compares uniform numbers, because logarithms and cosines differ between engines in
   * their last bits.
   */
  normal(): number {
    for (;;) {
      // A whole part k of probability exp(-k / 2), accepted with exp(-k (k - 1) / 2).
      let whole = 0
      while (this.#expMinusHalf()) whole++
      let accepted = true
      for (let i = 0; accepted && i < whole * (whole - 1); i++) accepted = this.#expMinusHalf()
      if (!accepted) continue
      // A fraction x, accepted with exp(-x (2k + x) / 2).
      const fraction = this.uniform()
      for (let i = 0; accepted && i <= whole; i++) accepted = this.#expOfFraction(whole, fraction)
      if (accepted) return this.next() & 1 ? whole + fraction : -whole - fraction
    }
  }

  /** Shuffles an array or typed array in place, all orders equally likely (Fisher and Yates), and returns it. */
  shuffle<T extends { readonly length: number; [index: number]: unknown }>(values: T): T {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      const kept = values[i]
      values[i] = values[j]
      values[j] = kept
    }
    return values
  }

  /** True if a falling run of uniform numbers below 1/2 has an even length: probability exp(-1/2) (von Neumann). */
  #expMinusHalf(): boolean {
    let last = 2 ** 31
    for (let even = true; ; even = !even) {
      const drawn = this.next()
      if (drawn >= last) return even
      last = drawn
    }
  }

  /**
   * True with probability exp(-x (2k + x) / (2k + 2)): the run starts below x, and each number must pass a second test.
   */
  #expOfFraction(whole: number, fraction: number): boolean {
    const passing = ((2 * whole + fraction) / (2 * whole + 2)) * 2 ** 32
    let last = fraction * 2 ** 32
    for (let even = true; ; even = !even) {
      const drawn = this.next()
      if (drawn >= last || this.next() >= passing) return even
      last = drawn
    }
  }

  /** No list of keys begins with the words of another: a number has two words, and the first is below 2^21. */
  #absorbKey(key: number | string): void {
    if (typeof key === 'string') {
      this.#absorb(2 ** 30 + key.length)
      for (let i = 0; i < key.length; i++) this.#absorb(key.charCodeAt(i))
    } else if (Number.isSafeInteger(key)) {
      this.#absorb(Math.floor(key / 2 ** 32))
      this.#absorb(key)
    } else {
      throw new VisionError(`got ${key} as seed or key of random numbers, wanted a whole number up to 2^53`)
    }
  }

  /** Mixes 32 bits into the state. The same word never makes two states equal. */
  #absorb(word: number): void {
    const words = this.#words
    for (let i = 0; i < 4; i++) word = words[i] = mix((words[i] ^ word) + i)
  }
}

/** A bijection of 32-bit words in which each bit of the result depends on all of `x`: the last step of MurmurHash3. */
function mix(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
