import { ShapeError } from '../errors.ts'
import { noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { formatShape, sizeOf } from '../shape.ts'

/** Inputs: x `[..., c]`. */
export type MomentsAttributes = Record<never, never>

const momentsOperation: Operation<'moments'> = {
  name: 'moments',
  shape([x]) {
    if (x.length === 0) throw new ShapeError('moments: got a scalar, wanted x [..., c]')
    if (sizeOf(x) === 0) throw new ShapeError(`moments: got x ${formatShape(x)}, wanted at least one element`)
    return [2, x[x.length - 1]]
  },
  traits: ordinary,
  macs: noMacs,
  gradient([x], y, gradient) {
    const channels = y.shape[1]
    const row = (tensor: Tensor, i: number) => tensor.slice([i, 0], [i + 1, channels]).reshape([channels])
    const rows = sizeOf(x.shape) / channels
    const ofVariance = x.sub(row(y, 0)).mul(row(gradient, 1).mul(2 / rows))
    return [ofVariance.add(row(gradient, 0).mul(1 / rows))]
  },
  reference([x], output) {
    const channels = output.shape[1]
    const rows = x.data.length / channels
    for (let c = 0; c < channels; c++) {
      let sum = 0
      for (let i = c; i < x.data.length; i += channels) sum += x.data[i]
      const mean = sum / rows
      let squares = 0
      for (let i = c; i < x.data.length; i += channels) squares += (x.data[i] - mean) ** 2
      output.data[c] = mean
      output.data[channels + c] = squares / rows
    }
  },
}

/**
 * The mean and variance of every channel over all other axes: the statistics of a batch.
 * @param x `[..., c]`
 * @returns `[2, c]`, the means and then the biased variances (divided by the number of elements)
 * @throws ShapeError when x is a scalar or empty.
 */
export function moments(x: Tensor): Tensor<'moments'> {
  return new Tensor(momentsOperation, [x], {})
}
