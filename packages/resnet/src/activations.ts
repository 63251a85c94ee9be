import { relu, type Tensor } from '@residual/core'

interface ActivationKind {
  readonly apply: (x: Tensor) => Tensor
  /** Whether applying it twice is the same as applying it once, so that a block with F(x) = 0 changes nothing. */
  readonly isIdempotent: boolean
}

const KINDS = {
  relu: { apply: relu, isIdempotent: true },
  silu: { apply: x => x.silu(), isIdempotent: false },
} satisfies Readonly<Record<string, ActivationKind>>

/** `relu`: max(x, 0). `silu`: x * sigmoid(x) (Elfwing et al. 2018). */
export type Activation = keyof typeof KINDS

/** The activation functions, by their names in architectures. */
export const ACTIVATIONS: Readonly<Record<Activation, ActivationKind>> = KINDS
