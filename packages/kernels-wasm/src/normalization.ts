import { GRADIENT_SUMS, type Instruction, MOMENT_PARTS } from './instructions.generated.ts'

/** The sizes of a tensor whose last dimension is its channels, seen as `[rows, channels]`. */
export interface RowsGeometry {
  readonly rows: number
  readonly channels: number
}

/**
 * The number of rows in a block, which are summed in one go: about 64 KB. Threads share the blocks, which must not be
 * so small that their own sums cost much. The number depends only on the shape, so results do not depend on the number
 * of threads.
 */
function blockOf({ channels }: RowsGeometry): number {
  return Math.min(1024, Math.max(64, Math.floor(16384 / channels / 64) * 64))
}

/** How the moments of a tensor are computed. */
export interface MomentsPlan {
  readonly workspaceFloats: number
  /** `output` gets `[2, channels]`: the mean and biased variance of every channel of `input`. */
  run(buffers: { input: number; output: number; workspace: number }): Instruction[]
}

/** Plans the mean and biased variance of every channel. */
export function planMoments(geometry: RowsGeometry): MomentsPlan {
  const { rows, channels } = geometry
  const block = blockOf(geometry)
  return {
    workspaceFloats: Math.ceil(rows / block) * MOMENT_PARTS * channels,
    run: ({ input, output, workspace: partials }) => [
      { op: 'blockMoments', input, partials, rows, channels, block },
      { op: 'moments', partials, output, rows, channels, block },
    ],
  }
}

/** Addresses for {@link planNormalizeSums}. */
export interface NormalizeSumsBuffers {
  readonly gradient: number
  readonly input: number
  /** `[2, channels]`, as {@link planMoments} computes them. */
  readonly moments: number
  /**
   * Output of the ReLU after the normalisation: the gradient counts only where it is positive. 0 if there is no ReLU.
   */
  readonly gate: number
  /** `[2, channels]`: sums of the gradient, and of the gradient times the normalised input. */
  readonly output: number
  readonly workspace: number
  readonly epsilon: number
}

export interface NormalizeSumsPlan {
  readonly workspaceFloats: number
  run(buffers: NormalizeSumsBuffers): Instruction[]
}

/** Plans the sums for a batch normalisation's gradients: the gradient of beta, then the gradient of gamma. */
export function planNormalizeSums(geometry: RowsGeometry): NormalizeSumsPlan {
  const { rows, channels } = geometry
  const block = blockOf(geometry)
  const blocks = Math.ceil(rows / block)
  const sums = GRADIENT_SUMS * channels
  return {
    workspaceFloats: blocks * sums,
    run: ({ output, workspace: partials, ...buffers }) => [
      { op: 'normalizeSums', ...buffers, partials, rows, channels, block },
      { op: 'reduce', kind: 'sum', input: partials, output, outer: 1, length: blocks, inner: sums },
    ],
  }
}
