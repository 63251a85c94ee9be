import { VisionError } from './errors.ts'

/** A resampling kernel: its weight at a distance in (scaled) pixels, zero beyond `support`. */
export interface Kernel {
  readonly support: number
  readonly weight: (distance: number) => number
}

/** How {@link resize} computes new pixels from old ones. The names are Pillow's. */
export type Filter = 'nearest' | 'box' | 'bilinear' | 'hamming' | 'bicubic' | 'lanczos'

/** The filters that average pixels, as Pillow's documentation defines them; 'nearest' copies pixels instead. */
export const kernels: Record<Exclude<Filter, 'nearest'>, Kernel> = {
  // Open on the left, so that a pixel exactly between two belongs to only one of them.
  box: { support: 0.5, weight: x => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: x => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, weight: x => (Math.abs(x) < 1 ? sinc(x) * hammingWindow(x) : 0) },
  bicubic: { support: 2, weight: cubic },
  lanczos: { support: 3, weight: x => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
}

/** @throws VisionError for an unknown filter. */
export function checkFilter(filter: Filter): void {
  if (filter === 'nearest' || Object.hasOwn(kernels, filter)) return
  throw new VisionError(`unknown filter ${JSON.stringify(filter)} (known: nearest, ${Object.keys(kernels).join(', ')})`)
}

/** Keys' cubic convolution ("Cubic convolution interpolation for digital image processing", 1981) with a = -0.5. */
function cubic(distance: number): number {
  const a = -0.5
  const x = Math.abs(distance)
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a
  return 0
}

/** Pillow holds these two constants in single precision, which shows in the last bit of some results. */
const [HAMMING_MIDDLE, HAMMING_SWING] = [Math.fround(0.54), Math.fround(0.46)]

function hammingWindow(x: number): number {
  return HAMMING_MIDDLE + HAMMING_SWING * Math.cos(Math.PI * x)
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}
