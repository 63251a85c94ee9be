import { compile } from '../compile.ts'
import { ShapeError } from '../errors.ts'
import { argmax } from '../ops/argmax.ts'
import { binary } from '../ops/binary.ts'
import { type AttributesOf, type OpName, operationOf } from '../ops/index.ts'
import { logSoftmax } from '../ops/log-softmax.ts'
import { type MatmulOptions, matmul } from '../ops/matmul.ts'
import { pad } from '../ops/pad.ts'
import { reduce } from '../ops/reduce.ts'
import { reshape } from '../ops/reshape.ts'
import { slice } from '../ops/slice.ts'
import { softmax } from '../ops/softmax.ts'
import { unary } from '../ops/unary.ts'
import { checkShape, type DType, formatShape, type Shape } from '../shape.ts'

/**
 * A node of a graph: an operation, what it is applied to, and the shape and type of what comes out. It holds no
 * values; `compile` makes a program that computes them, and `data` does so for one tensor. Tensors never change.
 * Shapes are checked here, so every method throws a ShapeError where the mistake is written.
 */
export class Tensor<Op extends OpName = OpName> {
  readonly op: Op
  readonly inputs: readonly Tensor[]
  readonly attributes: AttributesOf[Op]
  readonly shape: Shape
  readonly dtype: DType

  /** For passes and operation files; elsewhere use the functions named after the operations. */
  constructor(op: Op, inputs: readonly Tensor[], attributes: AttributesOf[Op]) {
    const operation = operationOf(op)
    const name = 'kind' in attributes ? attributes.kind : op
    const integers = inputs.find(tensor => tensor.dtype !== 'f32')
    if (integers) {
      throw new ShapeError(`${name}: got the i32 tensor ${formatShape(integers.shape)} of ${integers.op}, wanted f32`)
    }
    this.op = op
    this.inputs = inputs
    this.attributes = attributes
    this.shape = operation.shape(
      inputs.map(tensor => tensor.shape),
      attributes,
    )
    this.dtype = operation.dtype ?? 'f32'
    checkShape(name, this.shape)
  }

  /** Whether this is a node of that operation; narrows the type of `attributes`. */
  is<Name extends OpName>(op: Name): this is Tensor<Name> {
    return (this.op as OpName) === op
  }

  /** Elementwise sum, with NumPy's broadcasting; a number is a scalar. */
  add(b: Tensor | number): Tensor {
    return binary('add', this, b)
  }
  /** Elementwise difference, with NumPy's broadcasting. */
  sub(b: Tensor | number): Tensor {
    return binary('sub', this, b)
  }
  /** Elementwise product, with NumPy's broadcasting. */
  mul(b: Tensor | number): Tensor {
    return binary('mul', this, b)
  }
  /** Elementwise quotient, with NumPy's broadcasting. */
  div(b: Tensor | number): Tensor {
    return binary('div', this, b)
  }
  /** Elementwise larger one, with NumPy's broadcasting. */
  maximum(b: Tensor | number): Tensor {
    return binary('maximum', this, b)
  }
  /** Elementwise smaller one, with NumPy's broadcasting. */
  minimum(b: Tensor | number): Tensor {
    return binary('minimum', this, b)
  }

  /** `max(x, 0)` of every element. */
  relu(): Tensor {
    return unary('relu', this)
  }
  neg(): Tensor {
    return unary('neg', this)
  }
  abs(): Tensor {
    return unary('abs', this)
  }
  exp(): Tensor {
    return unary('exp', this)
  }
  /** Natural logarithm. */
  log(): Tensor {
    return unary('log', this)
  }
  sqrt(): Tensor {
    return unary('sqrt', this)
  }
  square(): Tensor {
    return unary('square', this)
  }
  reciprocal(): Tensor {
    return unary('reciprocal', this)
  }
  /** `1 / (1 + exp(-x))` of every element. */
  sigmoid(): Tensor {
    return unary('sigmoid', this)
  }
  tanh(): Tensor {
    return unary('tanh', this)
  }

  /** Product of two matrices, `[m, k]` and `[k, n]` after transposing. */
  matmul(b: Tensor, options?: MatmulOptions): Tensor {
    return matmul(this, b, options)
  }
  /** The same elements under another shape; one extent may be -1. */
  reshape(shape: Shape): Tensor {
    return reshape(this, shape)
  }
  /** Elements `begin` to `end` (exclusive) of each axis, every `step`-th (default 1); negatives count from the end. */
  slice(begin: Shape, end: Shape, step?: Shape): Tensor {
    return slice(this, begin, end, step)
  }
  /** Surrounds with `value` (default 0); `[before, after]` for each axis. */
  pad(widths: readonly (readonly [number, number])[], value = 0): Tensor {
    return pad(this, widths, value)
  }

  /** Sum over `axes` (default all); `keepDims` (default false) leaves extents of 1. */
  sum(axes?: number | Shape, keepDims = false): Tensor {
    return reduce('sum', this, axes, keepDims)
  }
  /** Mean over `axes` (default all); `keepDims` (default false) leaves extents of 1. */
  mean(axes?: number | Shape, keepDims = false): Tensor {
    return reduce('mean', this, axes, keepDims)
  }
  /** Maximum over `axes` (default all); `keepDims` (default false) leaves extents of 1. */
  max(axes?: number | Shape, keepDims = false): Tensor {
    return reduce('max', this, axes, keepDims)
  }
  /** Minimum over `axes` (default all); `keepDims` (default false) leaves extents of 1. */
  min(axes?: number | Shape, keepDims = false): Tensor {
    return reduce('min', this, axes, keepDims)
  }
  /** `exp(x) / sum(exp(x))` along `axis`. */
  softmax(axis = -1): Tensor {
    return softmax(this, axis)
  }
  /** Logarithm of the softmax along `axis`. */
  logSoftmax(axis = -1): Tensor {
    return logSoftmax(this, axis)
  }
  /** Position of the largest element along `axis`, the first on ties; `i32`. */
  argmax(axis = -1): Tensor {
    return argmax(this, axis)
  }

  /**
   * Computes this tensor, on one thread. Compiles a program every time: to run more than once, use `compile`.
   * @throws ShapeError when the tensor depends on an `input`, ParameterError when it depends on a `parameter`.
   */
  async data(): Promise<Float32Array | Int32Array> {
    const program = await compile({ outputs: { value: this } })
    try {
      return (await program.run({})).value
    } finally {
      program[Symbol.dispose]()
    }
  }
}
