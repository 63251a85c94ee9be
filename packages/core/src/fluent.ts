import { compile } from './compile.ts'
import { Tensor } from './graph/tensor.ts'
import { argmax } from './ops/argmax.ts'
import { binary } from './ops/binary.ts'
import { logSoftmax } from './ops/log-softmax.ts'
import { type MatmulOptions, matmul } from './ops/matmul.ts'
import { pad } from './ops/pad.ts'
import { reduce } from './ops/reduce.ts'
import { reshape } from './ops/reshape.ts'
import { slice } from './ops/slice.ts'
import { softmax } from './ops/softmax.ts'
import { unary } from './ops/unary.ts'
import type { Shape } from './shape.ts'

/**
 * Operations as methods, so that graphs read from left to right: `x.matmul(w).add(b).relu()`. Loading this file adds
 * them to the prototype of {@link Tensor}, so `package.json` lists it under `sideEffects`.
 */
export class TensorMethods {
  /** Elementwise sum, with NumPy's broadcasting; a number is a scalar. */
  add(this: Tensor, b: Tensor | number): Tensor {
    return binary('add', this, b)
  }
  /** Elementwise difference, with NumPy's broadcasting. */
  sub(this: Tensor, b: Tensor | number): Tensor {
    return binary('sub', this, b)
  }
  /** Elementwise product, with NumPy's broadcasting. */
  mul(this: Tensor, b: Tensor | number): Tensor {
    return binary('mul', this, b)
  }
  /** Elementwise quotient, with NumPy's broadcasting. */
  div(this: Tensor, b: Tensor | number): Tensor {
    return binary('div', this, b)
  }
  /** Elementwise maximum, with NumPy's broadcasting. */
  maximum(this: Tensor, b: Tensor | number): Tensor {
    return binary('maximum', this, b)
  }
  /** Elementwise minimum, with NumPy's broadcasting. */
  minimum(this: Tensor, b: Tensor | number): Tensor {
    return binary('minimum', this, b)
  }

  /** `max(x, 0)` of every element. */
  relu(this: Tensor): Tensor {
    return unary('relu', this)
  }
  neg(this: Tensor): Tensor {
    return unary('neg', this)
  }
  abs(this: Tensor): Tensor {
    return unary('abs', this)
  }
  exp(this: Tensor): Tensor {
    return unary('exp', this)
  }
  /** Natural logarithm. */
  log(this: Tensor): Tensor {
    return unary('log', this)
  }
  sqrt(this: Tensor): Tensor {
    return unary('sqrt', this)
  }
  square(this: Tensor): Tensor {
    return unary('square', this)
  }
  reciprocal(this: Tensor): Tensor {
    return unary('reciprocal', this)
  }
  /** `1 / (1 + exp(-x))` of every element. */
  sigmoid(this: Tensor): Tensor {
    return unary('sigmoid', this)
  }
  tanh(this: Tensor): Tensor {
    return unary('tanh', this)
  }
  /** `x * sigmoid(x)` of every element, also known as swish (Elfwing et al. 2018). */
  silu(this: Tensor): Tensor {
    return unary('silu', this)
  }

  /** Product of two matrices, `[m, k]` and `[k, n]` after any transposition. */
  matmul(this: Tensor, b: Tensor, options?: MatmulOptions): Tensor {
    return matmul(this, b, options)
  }
  /** The same elements in another shape; one extent may be -1, which is worked out from the others. */
  reshape(this: Tensor, shape: Shape): Tensor {
    return reshape(this, shape)
  }
  /** Every `step`-th element (default 1) from `begin` to before `end` on each axis; negatives count from the end. */
  slice(this: Tensor, begin: Shape, end: Shape, step?: Shape): Tensor {
    return slice(this, begin, end, step)
  }
  /** Surrounds the tensor with `value` (default 0); `widths` holds `[before, after]` for each axis. */
  pad(this: Tensor, widths: readonly (readonly [number, number])[], value = 0): Tensor {
    return pad(this, widths, value)
  }

  /** Sum over `axes` (default all); `keepDims` (default false) leaves extents of 1. */
  sum(this: Tensor, axes?: number | Shape, keepDims = false): Tensor {
    return reduce('sum', this, axes, keepDims)
  }
  /** Mean over `axes` (default all); `keepDims` (default false) leaves extents of 1. */
  mean(this: Tensor, axes?: number | Shape, keepDims = false): Tensor {
    return reduce('mean', this, axes, keepDims)
  }
  /** Maximum over `axes` (default all); `keepDims` (default false) leaves extents of 1. */
  max(this: Tensor, axes?: number | Shape, keepDims = false): Tensor {
    return reduce('max', this, axes, keepDims)
  }
  /** Minimum over `axes` (default all); `keepDims` (default false) leaves extents of 1. */
  min(this: Tensor, axes?: number | Shape, keepDims = false): Tensor {
    return reduce('min', this, axes, keepDims)
  }
  /** `exp(x) / sum(exp(x))` along `axis` (default the last). */
  softmax(this: Tensor, axis = -1): Tensor {
    return softmax(this, axis)
  }
  /** Logarithm of the softmax along `axis` (default the last). */
  logSoftmax(this: Tensor, axis = -1): Tensor {
    return logSoftmax(this, axis)
  }
  /** Position of the largest element along `axis` (default the last), the first on ties; `i32`. */
  argmax(this: Tensor, axis = -1): Tensor {
    return argmax(this, axis)
  }

  /**
   * Computes this tensor on one thread. Every call compiles a program: to run it more than once, use `compile`.
   * @throws ShapeError when the tensor depends on an `input`, ParameterError when it depends on a `parameter`.
   */
  async data(this: Tensor): Promise<Float32Array | Int32Array> {
    const program = await compile({ outputs: { value: this } })
    try {
      return (await program.run({})).value
    } finally {
      program[Symbol.dispose]()
    }
  }
}

const { constructor: _, ...methods } = Object.getOwnPropertyDescriptors(TensorMethods.prototype)
Object.defineProperties(Tensor.prototype, methods)
