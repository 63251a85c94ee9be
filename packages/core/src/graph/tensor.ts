import { ShapeError } from '../errors.ts'
import type { TensorMethods } from '../fluent.ts'
import type { AttributesOf, OpName } from '../ops/index.ts'
import { checkShape, type DType, formatShape, type Shape } from '../shape.ts'
import type { Operation } from './operation.ts'

/** The methods come from fluent.ts, which imports the operations; importing them here would make a cycle. */
// biome-ignore lint/correctness/noUnusedVariables: merged declarations have the same type parameters.
export interface Tensor<Op extends OpName = OpName> extends TensorMethods {}

/**
 * A node of a graph: an operation, its inputs and attributes, and the shape and type of its output. It holds no values;
 * `compile` makes a program that computes them, and `data` computes those of one tensor. Tensors never change.
 * The constructor checks shapes, so every method throws a ShapeError where the mistake is made.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: fluent.ts adds the methods of the interface to the prototype.
export class Tensor<Op extends OpName = OpName> {
  readonly operation: Operation<Op>
  readonly inputs: readonly Tensor[]
  readonly attributes: AttributesOf[Op]
  readonly shape: Shape
  readonly dtype: DType

  /** For passes and the files of operations; elsewhere, use the functions named after the operations. */
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

  /** Whether this is a node of the operation `op`; narrows the type of `attributes`. */
  is<Name extends OpName>(op: Name): this is Tensor<Name> {
    return (this.operation.name as OpName) === op
  }

  /**
   * The same operation with other inputs.
   * @param attributes default the attributes of this tensor
   * @throws ShapeError when they do not fit together.
   */
  with(inputs: readonly Tensor[], attributes: AttributesOf[Op] = this.attributes): Tensor<Op> {
    return new Tensor(this.operation, inputs, attributes)
  }
}
