import { ShapeError } from '../errors.ts'
import { notDifferentiable, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { formatShape, type Shape, sizeOf } from '../shape.ts'
import { checkEpilogue, type Epilogue, epilogueOf, noEpilogue } from './epilogue.ts'

/** Inputs: a `[m, k]` and b `[k, n]`, each with its axes swapped if transposed, then the bias and residual, if any. */
export interface MatmulAttributes extends Epilogue {
  readonly transposeA: boolean
  readonly transposeB: boolean
}

function extents([a, b]: readonly Shape[], { transposeA, transposeB }: MatmulAttributes) {
  const [m, k] = transposeA ? [a[1], a[0]] : a
  const [rows, n] = transposeB ? [b[1], b[0]] : b
  return { m, n, k, rows }
}

export const matmulOperation: Operation<'matmul'> = {
  name: 'matmul',
  shape(inputs, attributes) {
    const [a, b] = inputs
    if (a.length !== 2 || b.length !== 2) {
      throw new ShapeError(`matmul: got ${formatShape(a)} and ${formatShape(b)}, wanted two matrices`)
    }
    const { m, n, k, rows } = extents(inputs, attributes)
    if (k !== rows) {
      const { transposeA, transposeB } = attributes
      throw new ShapeError(
        `matmul: got ${formatShape(a)}${transposeA ? ' transposed' : ''} and ${formatShape(b)}${transposeB ? ' transposed' : ''}, wanted [m, k] and [k, n]`,
      )
    }
    checkEpilogue('matmul', inputs, [m, n], attributes)
    return [m, n]
  },
  traits: ordinary,
  macs(inputs, output, attributes) {
    return sizeOf(output) * extents(inputs, attributes).k
  },
  gradient([a, b], _, gradient, { transposeA, transposeB, bias, residual, activation }) {
    if (bias || residual || activation !== 'none') return notDifferentiable()
    return [
      transposeA
        ? matmul(b, gradient, { transposeA: transposeB, transposeB: true })
        : matmul(gradient, b, { transposeB: !transposeB }),
      transposeB
        ? matmul(gradient, a, { transposeA: true, transposeB: transposeA })
        : matmul(a, gradient, { transposeA: !transposeA }),
    ]
  },
  reference(inputs, output, attributes) {
    const [a, b] = inputs
    const { m, n, k } = extents([a.shape, b.shape], attributes)
    const [rowA, stepA] = attributes.transposeA ? [1, m] : [k, 1]
    const [columnB, stepB] = attributes.transposeB ? [k, 1] : [1, n]
    const finish = epilogueOf(inputs, output, attributes)
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0
        for (let p = 0; p < k; p++) sum += a.data[i * rowA + p * stepA] * b.data[j * columnB + p * stepB]
        output.data[i * n + j] = finish(sum, i * n + j)
      }
    }
  },
}

export interface MatmulOptions {
  /** Use the transpose of the first matrix; default false. */
  readonly transposeA?: boolean
  /** Use the transpose of the second matrix; default false. */
  readonly transposeB?: boolean
}

/**
 * The product of two matrices, a `[m, k]` and b `[k, n]` after any transposition.
 * @returns `[m, n]`
 * @throws ShapeError when they are not matrices or their inner extents differ.
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor<'matmul'> {
  const { transposeA = false, transposeB = false } = options
  return new Tensor(matmulOperation, [a, b], { transposeA, transposeB, ...noEpilogue })
}

/**
 * A fully connected layer, `x weightᵀ + bias`, as PyTorch's `Linear`.
 * @param x `[n, in]`
 * @param weight `[out, in]`
 * @param bias `[out]`; default none
 * @returns `[n, out]`
 * @throws ShapeError when the shapes do not fit together.
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const product = matmul(x, weight, { transposeB: true })
  return bias ? product.add(bias) : product
}
