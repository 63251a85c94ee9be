import { noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { normalizeAxis } from '../shape.ts'
import { walkLines } from './softmax.ts'

/** Inputs: x with at least one axis. */
export interface LogSoftmaxAttributes {
  /** Counted from 0. */
  readonly axis: number
}

const logSoftmaxOperation: Operation<'logSoftmax'> = {
  name: 'logSoftmax',
  shape: ([x]) => x,
  traits: ordinary,
  macs: noMacs,
  gradient: (_, y, gradient, { axis }) => [gradient.sub(y.exp().mul(gradient.sum(axis, true)))],
  reference([x], output, { axis }) {
    walkLines(x.shape, axis, (first, stride, length) => {
      let max = -Infinity
      for (let i = 0; i < length; i++) max = Math.max(max, x.data[first + i * stride])
      let sum = 0
      for (let i = 0; i < length; i++) sum += Math.exp(x.data[first + i * stride] - max)
      const logSum = max + Math.log(sum)
      for (let i = 0; i < length; i++) output.data[first + i * stride] = x.data[first + i * stride] - logSum
    })
  },
}

/**
 * The logarithm of `softmax` along `axis` (default the last), more precise than taking one after the other.
 * @throws ShapeError when there is no such axis.
 */
export function logSoftmax(x: Tensor, axis = -1): Tensor<'logSoftmax'> {
  return new Tensor(logSoftmaxOperation, [x], { axis: normalizeAxis('logSoftmax', axis, x.shape.length) })
}
