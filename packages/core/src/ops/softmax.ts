import { noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import type { Shape } from '../shape.ts'
import { normalizeAxis, sizeOf } from '../shape.ts'

/** Inputs: x with at least one axis. */
export interface SoftmaxAttributes {
  /** Counted from 0. */
  readonly axis: number
}

/**
 * Calls `visit(first, stride, length, row)` for every line along `axis`. A line has `length` elements, `stride` apart,
 * the first at `first`; `row` numbers the lines in row-major order.
 */
export function walkLines(
  shape: Shape,
  axis: number,
  visit: (first: number, stride: number, length: number, row: number) => void,
): void {
  const stride = sizeOf(shape.slice(axis + 1))
  const length = shape[axis]
  const outer = sizeOf(shape.slice(0, axis))
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < stride; j++) visit(i * length * stride + j, stride, length, i * stride + j)
  }
}

const softmaxOperation: Operation<'softmax'> = {
  name: 'softmax',
  shape: ([x]) => x,
  traits: ordinary,
  macs: noMacs,
  gradient: (_, y, gradient, { axis }) => [gradient.sub(gradient.mul(y).sum(axis, true)).mul(y)],
  reference([x], output, { axis }) {
    walkLines(x.shape, axis, (first, stride, length) => {
      let max = -Infinity
      for (let i = 0; i < length; i++) max = Math.max(max, x.data[first + i * stride])
      let sum = 0
      for (let i = 0; i < length; i++) sum += Math.exp(x.data[first + i * stride] - max)
      for (let i = 0; i < length; i++) {
        output.data[first + i * stride] = Math.exp(x.data[first + i * stride] - max) / sum
      }
    })
  },
}

/**
 * `exp(x) / sum(exp(x))` along `axis` (default the last), computed from `x - max(x)` so that nothing overflows.
 * @throws ShapeError when there is no such axis.
 */
export function softmax(x: Tensor, axis = -1): Tensor<'softmax'> {
  return new Tensor(softmaxOperation, [x], { axis: normalizeAxis('softmax', axis, x.shape.length) })
}
