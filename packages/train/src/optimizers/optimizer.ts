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
import { settings } from '../settings.ts'

/** The inputs of an optimiser. */
export interface OptimizerInputs {
  /** The parameters to update. */
  readonly parameters: readonly Tensor<'parameter'>[]
  /** The gradient of the loss with respect to each parameter. */
  readonly gradients: readonly Tensor[]
  /** A scalar, usually an input. */
  readonly learningRate: Tensor
  /**
   * Factor of all gradients, applied first; default 1. A scalar tensor if it depends on the gradients, as in clipping.
   */
  readonly scale?: Tensor | number
  /** Factor of the learning rate for the parameter with a given name; default 1. */
  readonly rate?: (name: string) => number
}

/** One step of an optimiser as tensors of the graph. */
export interface Optimization {
  /** The next value of every parameter and of the optimiser's state. */
  readonly updates: ReadonlyMap<Tensor<'parameter'>, Tensor>
  /** The optimiser's state before the first step, by the name of its tensors. */
  readonly state: ReadonlyMap<string, Float32Array>
  /** The values of an optimiser's scalar inputs other than the learning rate; steps count from 0. */
  readonly inputs: (step: number) => Readonly<Record<string, Float32Array>>
}

/** Adds one step of an optimiser to a graph. */
export type Optimizer = (inputs: OptimizerInputs) => Optimization

/** An optimiser: a function to call, and the row that recipes refer to by `kind`. */
export interface OptimizerRow<Declared, Given> {
  /** @throws ResidualError if an option is unknown or out of range. */
  (options?: Given): Optimizer
  readonly options: Declared
  /** Makes the optimiser from options that have been checked and completed. */
  readonly make: (settings: Output<Declared>) => Optimizer
}

/** Makes a row of the table of optimisers. */
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

/** Options that several optimisers have. */
export const common = {
  momentum: number(0, 1).default(0.9).help('share of the last step that goes into the next one'),
  weightDecay: settings.weightDecay,
  decayNorms: boolean.default(true).help('whether biases and the gamma and beta of norms decay as well'),
}

/** The weight decay of a parameter. Biases and the parameters of norms are recognised by their single axis. */
export function decayOf(
  { shape }: Tensor<'parameter'>,
  { weightDecay, decayNorms }: { readonly weightDecay: number; readonly decayNorms: boolean },
): number {
  return decayNorms || shape.length > 1 ? weightDecay : 0
}

/** Zeros in the size of a parameter, as the first value of a state. */
export const zerosLike = ({ shape }: Tensor): Float32Array => new Float32Array(sizeOf(shape))

/** The Euclidean length of all values. */
export const lengthOf = (x: Tensor): Tensor => x.square().sum().sqrt()

/** `ratio` if the lengths `a` and `b` are both above 0, otherwise 1. */
export function ratioUnlessZero(a: Tensor, b: Tensor, ratio: Tensor): Tensor {
  const shorter = a.minimum(b)
  return gate(ratio, shorter).add(gate(constant(1), shorter).neg().add(1))
}

/** Numbers and scalars in one tensor, as the weights of a `weightedSum`. Several sums can share it. */
export function vector(...values: readonly (Tensor | number)[]): Tensor {
  return concat(
    values.map(value => (typeof value === 'number' ? constant([value]) : value.reshape([1]))),
    0,
  )
}

/** Returns the same result for the same arguments, so that scalars that many parameters share are computed once. */
export function memoize<T>(make: (factor: number, decay: number) => T): (factor: number, decay: number) => T {
  const made = new Map<string, T>()
  return (factor, decay) => {
    const key = `${factor} ${decay}`
    const value = made.get(key) ?? make(factor, decay)
    made.set(key, value)
    return value
  }
}
