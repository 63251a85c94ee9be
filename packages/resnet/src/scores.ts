/** Returns the softmax of one image's logits: the network's confidence in each class, from 0 to 1. */
export function softmaxOf(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits)
  const largest = values.reduce((a, b) => Math.max(a, b))
  const powers = values.map(x => Math.exp(x - largest))
  const total = powers.reduce((a, b) => a + b)
  return powers.map(power => power / total)
}

/** Returns the cross-entropy of one image's logits, `-log softmax(logits)[label]`, in nats and double precision. */
export function crossEntropyOf(logits: Float32Array, label: number): number {
  const largest = logits.reduce((a, b) => Math.max(a, b))
  return largest - logits[label] + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - largest), 0))
}
