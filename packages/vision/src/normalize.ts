import { VisionError } from './errors.ts'

/** The values for red, green and blue. */
export type Triple = readonly [number, number, number]

/** The normalisation that a network was trained with: a value `x` from 0 to 255 becomes `(x / 255 - mean) / std`. */
export interface Normalization {
  readonly mean: Triple
  readonly std: Triple
}

/**
 * Normalises RGB bytes to exactly the floats of torchvision's `ToTensor` and `Normalize`.
 * @throws VisionError for a mean that is not three finite numbers or a std that is not three positive ones.
 */
export function normalize(bytes: Uint8Array, normalization: Normalization): Float32Array {
  const values = normalizedValues(normalization)
  const normalized = new Float32Array(bytes.length)
  for (let i = 0; i < bytes.length; i += 3) {
    normalized[i] = values[bytes[i] * 3]
    normalized[i + 1] = values[bytes[i + 1] * 3 + 1]
    normalized[i + 2] = values[bytes[i + 2] * 3 + 2]
  }
  return normalized
}

/**
 * `[256, 3]`: the normalised value of each byte in each channel.
 * @throws VisionError as {@link normalize} does.
 */
export function normalizedValues({ mean, std }: Normalization): Float32Array {
  if (mean?.length !== 3 || !mean.every(Number.isFinite)) {
    throw new VisionError(`got mean ${listed(mean)}, wanted three finite numbers, for red, green and blue`)
  }
  if (std?.length !== 3 || !std.every(value => Number.isFinite(value) && value > 0)) {
    throw new VisionError(`got std ${listed(std)}, wanted three finite numbers above 0, for red, green and blue`)
  }
  const values = new Float32Array(256 * 3)
  for (let i = 0; i < values.length; i++) {
    const channel = i % 3
    // Every step is rounded to single precision.
    const centred = Math.fround(Math.fround(Math.floor(i / 3) / 255) - Math.fround(mean[channel]))
    values[i] = centred / Math.fround(std[channel])
  }
  return values
}

function listed(values: readonly number[] | undefined): string {
  return Array.isArray(values) ? values.join(', ') : String(values)
}
