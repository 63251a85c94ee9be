import { ResidualError } from '../errors.ts'
import type { AttributesOf, OpName } from '../ops/index.ts'
import type { DType, Shape } from '../shape.ts'
import type { Tensor } from './tensor.ts'

/** A dense tensor in memory. `Float64Array` lets the reference run a whole graph in double precision. */
export interface Values {
  readonly shape: Shape
  readonly data: Float32Array | Float64Array | Int32Array
}

/** What passes, memory plans and schedules know of an operation. */
export interface Traits {
  /**
   * Where the output's values are: `'computed'` in memory that is free before this step; `'given'` in memory that the
   * caller fills before the first step; `'lasting'` in memory of their own, which outlives a run; `'view'` in the memory
   * of the first input, as nothing moves.
   */
  readonly storage: 'computed' | 'given' | 'lasting' | 'view'
  /**
   * Numbers of the inputs whose element `i` is read only when element `i` of the output is written. One that nothing
   * else needs may be overwritten, if it is not broadcast.
   */
  readonly elementwise: readonly number[]
  /** Whether an output of the first input's shape is the first input: nothing was added, cut off or summed. */
  readonly identityAtSameShape: boolean
}

/** Computed from all of its inputs, which must stay until it is done. */
export const ordinary: Traits = { storage: 'computed', elementwise: [], identityAtSameShape: false }

/** Everything there is to know about one operation. How backends compute it is in their folders. */
export interface Operation<Op extends OpName = OpName> {
  readonly name: Op
  /** Element type of the output, default `f32`. */
  readonly dtype?: DType
  /**
   * Checks the inputs and attributes and returns the output's shape.
   * @throws ShapeError naming the operation, what it got and what it wanted.
   */
  shape(inputs: readonly Shape[], attributes: AttributesOf[Op]): Shape
  readonly traits: Traits
  /** Multiply-accumulates of one evaluation; as usual only those of convolutions and matrix products are counted. */
  macs(inputs: readonly Shape[], output: Shape, attributes: AttributesOf[Op]): number
  /**
   * The gradient of a scalar with respect to each input, given the gradient with respect to the output, as tensors of the graph
   * (reverse-mode differentiation); `undefined` for inputs that it does not flow to.
   */
  gradient(
    inputs: readonly Tensor[],
    output: Tensor,
    gradient: Tensor,
    attributes: AttributesOf[Op],
  ): readonly (Tensor | undefined)[]
  /**
   * Writes `output.data` from the inputs, in plain TypeScript. Sums are accumulated in double precision and rounded
   * when stored, which makes this the oracle for the kernels.
   */
  reference(inputs: readonly Values[], output: Values, attributes: AttributesOf[Op]): void
}

/**
 * What an operation computes. Where operations are differentiated into each other, as a convolution and its gradients
 * are, each has a file for this, and `index.ts` in their folder adds the gradients.
 */
export type WithoutGradient<Op extends OpName> = Omit<Operation<Op>, 'gradient'>

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
