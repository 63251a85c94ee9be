/**
 * Where weights are read from whenever a program needs them, so that nobody has to keep them. They must be the same each
 * time: programs share what they have made of them.
 */
export interface WeightSource {
  /** How many values there are. */
  readonly length: number
  /** Fills `target` with the values from number `from` on. */
  read(target: Float32Array, from: number): void | Promise<void>
}

/** Values, or where to read them. */
export type Weights = Float32Array | WeightSource

/** All values: the array itself, or a new one. */
export async function valuesOf(weights: Weights): Promise<Float32Array> {
  if (weights instanceof Float32Array) return weights
  const values = new Float32Array(weights.length)
  await weights.read(values, 0)
  return values
}
