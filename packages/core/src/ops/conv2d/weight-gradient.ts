import { ShapeError } from '../../errors.ts'
import { ordinary, type WithoutGradient } from '../../graph/operation.ts'
import { formatShape, type Shape, sameShape, sizeOf } from '../../shape.ts'
import { type Conv2dGeometry, conv2dShape, walkProducts } from './geometry.ts'

/** Inputs: a convolution's input `[n, h, w, c]` and the gradient of its output `[n, oh, ow, o]`. */
export interface Conv2dWeightGradientAttributes extends Conv2dGeometry {
  /** Shape of the convolution's weight, and so of this output: `[o, c / groups, kh, kw]`. */
  readonly shape: Shape
}

export const weightGradient: WithoutGradient<'conv2dWeightGradient'> = {
  name: 'conv2dWeightGradient',
  shape([x, gradient], attributes) {
    const { shape } = attributes
    const output = conv2dShape(x, shape, attributes)
    if (!sameShape(gradient, output)) {
      throw new ShapeError(`conv2dWeightGradient: got gradient ${formatShape(gradient)}, wanted ${formatShape(output)}`)
    }
    return shape
  },
  traits: ordinary,
  macs: ([, gradient], output) => sizeOf(gradient) * output[1] * output[2] * output[3],
  reference([x, gradient], output, attributes) {
    const sums = new Float64Array(output.data.length)
    walkProducts(x.shape, output.shape, gradient.shape, attributes, (i, w, o) => {
      sums[w] += x.data[i] * gradient.data[o]
    })
    output.data.set(sums)
  },
}
