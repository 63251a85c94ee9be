/** Numbers from 0 to below 1. */
export type Random = () => number

/**
 * A stream of pseudo-random numbers for each seed and list of labels: sfc32 (Doty-Humphrey, PractRand), whose state is
 * hashed from them. Every use has a label of its own, so that no number depends on what else was drawn before, and a
 * training that is resumed at a step draws what it would have drawn.
 */
export function random(seed: number, ...labels: readonly (string | number)[]): Random {
  const text = [seed, ...labels].join('\n')
  let [a, b, c, d] = [0x9e3779b9, 0x85ebca6b, 0xc2b2ae35, 1]
  for (let i = 0; i < text.length; i++) {
    a = mix(a ^ text.charCodeAt(i))
    b = mix(b + a)
    c = mix(c ^ b)
  }
  const next = () => {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  // Until every bit of the state depends on every other.
  for (let i = 0; i < 12; i++) next()
  return next
}

/** Normally distributed numbers, mean 0 and variance 1 (Box and Muller 1958). */
export function normal(uniform: Random): Random {
  let kept: number | undefined
  return () => {
    if (kept !== undefined) {
      const value = kept
      kept = undefined
      return value
    }
    // Above 0, for the logarithm.
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
    const angle = 2 * Math.PI * uniform()
    kept = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
}

/** A bijection of 32-bit integers in which every bit of the result depends on every bit of `x` (MurmurHash3's last step). */
function mix(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
