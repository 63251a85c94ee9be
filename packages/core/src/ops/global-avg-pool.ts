import { ShapeError } from '../errors.ts'
import { noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { formatShape } from '../shape.ts'
import { broadcast } from './broadcast.ts'
import { checkImages } from './window.ts'

/** Inputs: x `[n, h, w, c]`. */
export type GlobalAvgPoolAttributes = Record<never, never>

const globalAvgPoolOperation: Operation<'globalAvgPool'> = {
  name: 'globalAvgPool',
  shape([x]) {
    checkImages('globalAvgPool', x)
    if (x[1] === 0 || x[2] === 0) {
      throw new ShapeError(`globalAvgPool: got x ${formatShape(x)}, wanted a height and width of at least 1`)
    }
    return [x[0], x[3]]
  },
  traits: ordinary,
  macs: noMacs,
  gradient([x], _, gradient) {
    const [batch, height, width, channels] = x.shape
    return [broadcast(gradient.mul(1 / (height * width)).reshape([batch, 1, 1, channels]), x.shape)]
  },
  reference([x], output) {
    const [batch, height, width, channels] = x.shape
    const pixels = height * width
    for (let n = 0; n < batch; n++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0
        for (let p = 0; p < pixels; p++) sum += x.data[(n * pixels + p) * channels + c]
        output.data[n * channels + c] = sum / pixels
      }
    }
  },
}

/**
 * The mean of every channel over the height and width.
 * @param x `[n, h, w, c]`
 * @returns `[n, c]`
 * @throws ShapeError when x does not have four axes or its height or width is 0.
 */
export function globalAvgPool(x: Tensor): Tensor<'globalAvgPool'> {
  return new Tensor(globalAvgPoolOperation, [x], {})
}
