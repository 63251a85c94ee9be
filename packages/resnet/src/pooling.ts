import { globalAvgPool, type Tensor } from '@residual/core'

type Pool = (features: Tensor) => Tensor

const KINDS = {
  average: globalAvgPool,
  max: features => features.max([1, 2]),
} satisfies Readonly<Record<string, Pool>>

/** `average` or `max`: the mean or the largest value of each channel. */
export type Pooling = keyof typeof KINDS

/** The ways to pool `[n, h, w, c]` to the embedding `[n, c]`, by their names in architectures. */
export const POOLINGS: Readonly<Record<Pooling, Pool>> = KINDS
