import { ResidualError } from '../errors.ts'
import type { DType, Shape } from '../shape.ts'
import type { Tensor } from './tensor.ts'

/** A dense tensor in memory. `Float64Array` lets the reference run a whole graph in double precision. */
export interface Values {
  readonly shape: Shape
  readonly data: Float32Array | Float64Array | Int32Array
}

/** Everything there is to know about one operation. `A` is the type of its attributes. */
export interface Operation<A> {
  /** Element type of the output; `f32` when left out. */
  readonly dtype?: DType
  /**
   * Checks the inputs and attributes and returns the output's shape.
   * @throws ShapeError naming the operation, what it got and what it wanted.
   */
  shape(inputs: readonly Shape[], attributes: A): Shape
  /** Multiply-accumulates of one evaluation; as usual only those of convolutions and matrix products are counted. */
  macs(inputs: readonly Shape[], output: Shape, attributes: A): number
  /**
   * The gradient of a scalar with respect to each input, given that with respect to the output, as tensors of the graph
   * (reverse-mode differentiation); `undefined` for inputs that it does not flow to.
   */
  gradient(inputs: readonly Tensor[], output: Tensor, gradient: Tensor, attributes: A): readonly (Tensor | undefined)[]
  /**
   * Writes `output.data` from the inputs, in plain TypeScript. Sums are accumulated in double precision and rounded
   * when stored, which makes this the oracle for the kernels.
   */
  reference(inputs: readonly Values[], output: Values, attributes: A): void
}

/** The identity, with the type that makes a definition without one of its rules a compile error. */
export function defineOperation<A>(operation: Operation<A>): Operation<A> {
  return operation
}

/** The MAC rule of operations that are neither convolutions nor matrix products. */
export const noMacs = (): number => 0

/** The gradient rule of leaves, and of operations whose output does not change with small changes of their inputs. */
export const noGradient = (): readonly undefined[] => []

/** The gradient rule of operations that only gradients and passes make. */
export const notDifferentiable = (): never => {
  throw new ResidualError(
    'grad: got a gradient or an optimized operation to differentiate, wanted a graph as it was written',
  )
}
