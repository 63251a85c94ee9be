import { ResidualError } from '../errors.ts'
import type { AttributesOf, OpName } from '../ops/index.ts'
import type { DType, Shape } from '../shape.ts'
import type { Tensor } from './tensor.ts'

/** A dense tensor in memory. With `Float64Array`, the reference runs a whole graph in double precision. */
export interface Values {
  readonly shape: Shape
  readonly data: Float32Array | Float64Array | Int32Array
}

/** The facts about an operation that passes, memory plans and schedules use. */
export interface Traits {
  /**
   * Where the output's values are: `'computed'` in memory that is free before this step; `'given'` in memory that the
   * caller fills before the first step; `'lasting'` in separate memory that outlives a run; `'view'` in the memory of
   * the first input.
   */
  readonly storage: 'computed' | 'given' | 'lasting' | 'view'
  /**
   * Indices of the inputs whose element `i` is read only when element `i` of the output is written. Such an input may
   * be overwritten if it is not broadcast and nothing else needs it.
   */
  readonly elementwise: readonly number[]
  /** Whether an output of the first input's shape equals the first input: nothing was added, cut off or summed. */
  readonly identityAtSameShape: boolean
}

/** An output computed from all inputs, which must stay in memory until it is complete. */
export const ordinary: Traits = { storage: 'computed', elementwise: [], identityAtSameShape: false }

/** Everything about one operation except how backends compute it, which is in their folders. */
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
  /** Multiply-accumulates of one evaluation; as usual, only convolutions and matrix products count. */
  macs(inputs: readonly Shape[], output: Shape, attributes: AttributesOf[Op]): number
  /**
   * Returns the gradient of a scalar with respect to each input, given its gradient with respect to the output, as
   * tensors of the graph (reverse-mode differentiation); `undefined` for inputs that receive no gradient.
   */
  gradient(
    inputs: readonly Tensor[],
    output: Tensor,
    gradient: Tensor,
    attributes: AttributesOf[Op],
  ): readonly (Tensor | undefined)[]
  /**
   * Computes `output.data` from the inputs in plain TypeScript. Sums are accumulated in double precision and rounded
   * when they are stored, so this is the oracle for the kernels.
   */
  reference(inputs: readonly Values[], output: Values, attributes: AttributesOf[Op]): void
}

/**
 * An operation without its gradient rule. Operations whose gradients use each other, such as a convolution and its
 * gradients, have one file each for this, and `index.ts` in their folder adds the gradient rules.
 */
export type WithoutGradient<Op extends OpName> = Omit<Operation<Op>, 'gradient'>

/** The rule for the multiply-accumulates of operations that are neither convolutions nor matrix products. */
export const noMacs = (): number => 0

/** The gradient rule of leaves, and of operations whose output does not change when their inputs change a little. */
export const noGradient = (): readonly undefined[] => []

/** The gradient rule of operations that only gradients and passes create and that cannot be differentiated again. */
export const notDifferentiable = (): never => {
  throw new ResidualError(
    'grad: got a gradient or an optimized operation to differentiate, wanted a graph as it was written',
  )
}
