import { concat, constant, gate, sizeOf, type Tensor } from '@residual/core'
import {
  boolean,
  checkOptions,
  type Fields,
  type Input,
  number,
  type Options,
  type Output,
} from '@residual/core/schema'

/** What an optimiser makes its update from. */
export interface OptimizerInputs {
  /** The parameters to update. */
  readonly parameters: readonly Tensor<'parameter'>[]
  /** The gradient of the loss with respect to each of them. */
  readonly gradients: readonly Tensor[]
  /** A scalar, usually an input. */
  readonly learningRate: Tensor
  /** What every gradient is multiplied by first, default 1; a scalar tensor where it depends on them, as in clipping. */
  readonly scale?: Tensor | number
  /** Factor of the learning rate for the parameter of a name, default 1. */
  readonly rate?: (name: string) => number
}

/** One step of an optimiser as tensors of the graph. */
export interface Optimization {
  /** Next value of every parameter and of the optimiser's own state. */
  readonly updates: ReadonlyMap<Tensor<'parameter'>, Tensor>
  /** What the optimiser's state is before the first step, by the name of its parameters. */
  readonly state: ReadonlyMap<string, Float32Array>
  /** Values of the scalar inputs that an optimiser has beside the learning rate; steps count from 0. */
  readonly inputs: (step: number) => Readonly<Record<string, Float32Array>>
}

/** Describes the update of parameters in a graph. */
export type Optimizer = (inputs: OptimizerInputs) => Optimization

/** An optimiser as functions call it, and as recipes name it by `kind`. */
export interface OptimizerRow<Declared, Given> {
  /** @throws ResidualError for an unknown option, or a value out of its range. */
  (options?: Given): Optimizer
  readonly options: Declared
  /** The optimiser of options that were checked and filled in. */
  readonly make: (settings: Output<Declared>) => Optimizer
}

/** A row of the table of optimisers. */
export function optimizer<Declared extends Options<Fields>>({
  name,
  options,
  make,
}: {
  readonly name: string
  readonly options: Declared
  readonly make: (settings: Output<Declared>) => Optimizer
}): OptimizerRow<Declared, Input<Declared>> {
  const create = (given: Input<Declared> = {} as Input<Declared>) =>
    make(checkOptions(name, given, options) as Output<Declared>)
  return Object.assign(create, { options, make })
}

/** Options that optimisers have in common. */
export const common = {
  momentum: number(0, 1).default(0.9).help('share of the last step that goes into the next one'),
  weightDecay: number(0).help('weight decay'),
  decayNorms: boolean.default(true).help('whether biases and the gamma and beta of norms decay as well'),
}

/** The weight decay of a parameter: biases and norms are those of one axis. */
export function decayOf(
  { shape }: Tensor<'parameter'>,
  { weightDecay, decayNorms }: { readonly weightDecay: number; readonly decayNorms: boolean },
): number {
  return decayNorms || shape.length > 1 ? weightDecay : 0
}

/** Zeros for a state as large as a parameter. */
export const zerosLike = ({ shape }: Tensor): Float32Array => new Float32Array(sizeOf(shape))

/** Euclidean length of all values. */
export const lengthOf = (x: Tensor): Tensor => x.square().sum().sqrt()

/** `ratio` where `a` and `b`, which are lengths, are both above 0, else 1. */
export function ratioUnlessZero(a: Tensor, b: Tensor, ratio: Tensor): Tensor {
  const shorter = a.minimum(b)
  return gate(ratio, shorter).add(gate(constant(1), shorter).neg().add(1))
}

/** Numbers and scalars as the weights of a `weightedSum`, in one tensor that many of them can share. */
export function vector(...values: readonly (Tensor | number)[]): Tensor {
  return concat(
    values.map(value => (typeof value === 'number' ? constant([value]) : value.reshape([1]))),
    0,
  )
}

/** The same results for the same arguments, so that scalars which many parameters share are computed once. */
export function memoize<T>(make: (factor: number, decay: number) => T): (factor: number, decay: number) => T {
  const made = new Map<string, T>()
  return (factor, decay) => {
    const key = `${factor} ${decay}`
    const value = made.get(key) ?? make(factor, decay)
    made.set(key, value)
    return value
  }
}
