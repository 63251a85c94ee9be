import { ShapeError } from '../errors.ts'
import type { TensorMethods } from '../fluent.ts'
import type { AttributesOf, OpName } from '../ops/index.ts'
import { checkShape, type DType, formatShape, type Shape } from '../shape.ts'
import type { Operation } from './operation.ts'

/** Its methods come from fluent.ts, which imports the operations, as this file may not. */
// biome-ignore lint/correctness/noUnusedVariables: merged declarations have the same type parameters.
export interface Tensor<Op extends OpName = OpName> extends TensorMethods {}

/**
 * A node of a graph: an operation, what it is applied to, and the shape and type of what comes out. It holds no
 * values; `compile` makes a program that computes them, and `data` does so for one tensor. Tensors never change.
 * Shapes are checked here, so every method throws a ShapeError if the mistake is written.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: fluent.ts adds the methods of the interface to the prototype.
export class Tensor<Op extends OpName = OpName> {
  readonly operation: Operation<Op>
  readonly inputs: readonly Tensor[]
  readonly attributes: AttributesOf[Op]
  readonly shape: Shape
  readonly dtype: DType

  /** For passes and the files of operations; elsewhere use the functions named after the operations. */
  constructor(operation: Operation<Op>, inputs: readonly Tensor[], attributes: AttributesOf[Op]) {
    const name = 'kind' in attributes ? attributes.kind : operation.name
    const integers = inputs.find(tensor => tensor.dtype !== 'f32')
    if (integers) {
      throw new ShapeError(`${name}: got the i32 tensor ${formatShape(integers.shape)} of ${integers.op}, wanted f32`)
    }
    this.operation = operation
    this.inputs = inputs
    this.attributes = attributes
    this.shape = operation.shape(
      inputs.map(tensor => tensor.shape),
      attributes,
    )
    this.dtype = operation.dtype ?? 'f32'
    checkShape(name, this.shape)
  }

  /** The name of the operation. */
  get op(): Op {
    return this.operation.name
  }

  /** Whether this is a node of that operation; narrows the type of `attributes`. */
  is<Name extends OpName>(op: Name): this is Tensor<Name> {
    return (this.operation.name as OpName) === op
  }

  /**
   * The same operation on other inputs.
   * @param attributes default the same
   * @throws ShapeError when they do not fit.
   */
  with(inputs: readonly Tensor[], attributes: AttributesOf[Op] = this.attributes): Tensor<Op> {
    return new Tensor(this.operation, inputs, attributes)
  }
}
