import { ShapeError } from '../errors.ts'
import { noGradient, noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { formatShape, normalizeAxis } from '../shape.ts'
import { walkLines } from './softmax.ts'

/** Inputs: x with at least one axis. The output is `i32`. */
export interface ArgmaxAttributes {
  /** Counted from 0. */
  readonly axis: number
}

const argmaxOperation: Operation<'argmax'> = {
  name: 'argmax',
  dtype: 'i32',
  shape([x], { axis }) {
    if (x[axis] === 0) {
      throw new ShapeError(`argmax: got x ${formatShape(x)}, wanted at least one element on axis ${axis}`)
    }
    return x.filter((_, i) => i !== axis)
  },
  traits: ordinary,
  macs: noMacs,
  gradient: noGradient,
  reference([x], output, { axis }) {
    walkLines(x.shape, axis, (first, stride, length, row) => {
      let best = 0
      for (let i = 1; i < length; i++) {
        if (x.data[first + i * stride] > x.data[first + best * stride]) best = i
      }
      output.data[row] = best
    })
  },
}

/**
 * Position of the largest element along `axis` (default the last), the first one on ties, as in NumPy.
 * @returns `i32`, the shape of x without that axis
 * @throws ShapeError when there is no such axis or it is empty.
 */
export function argmax(x: Tensor, axis = -1): Tensor<'argmax'> {
  return new Tensor(argmaxOperation, [x], { axis: normalizeAxis('argmax', axis, x.shape.length) })
}
