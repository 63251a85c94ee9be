import { ShapeError } from '../../errors.ts'
import { ordinary, type WithoutGradient } from '../../graph/operation.ts'
import { formatShape, type Shape, sameShape, sizeOf } from '../../shape.ts'
import { checkEpilogue, noEpilogue } from '../epilogue.ts'
import { type Conv2dGeometry, conv2dShape, walkProducts } from './geometry.ts'

/**
 * Inputs: the gradient of a convolution's output `[n, oh, ow, o]`, its weight `[o, c / groups, kh, kw]`, then the
 * residual, if any.
 */
export interface Conv2dInputGradientAttributes extends Conv2dGeometry {
  /** The last input, of this output's shape, is added: the gradient that arrives through a shortcut. */
  readonly residual: boolean
  /** Shape of the convolution's input, and so of this output: `[n, h, w, c]`. */
  readonly shape: Shape
}

export const inputGradient: WithoutGradient<'conv2dInputGradient'> = {
  name: 'conv2dInputGradient',
  shape(inputs, attributes) {
    const [gradient, weight] = inputs
    const { shape } = attributes
    const output = conv2dShape(shape, weight, attributes)
    if (!sameShape(gradient, output)) {
      throw new ShapeError(`conv2dInputGradient: got gradient ${formatShape(gradient)}, wanted ${formatShape(output)}`)
    }
    checkEpilogue('conv2dInputGradient', inputs, shape, { ...noEpilogue, residual: attributes.residual })
    return shape
  },
  traits: ordinary,
  macs: ([gradient, weight]) => sizeOf(gradient) * weight[1] * weight[2] * weight[3],
  reference([gradient, weight, residual], output, { shape, ...geometry }) {
    const sums = new Float64Array(output.data.length)
    walkProducts(shape, weight.shape, gradient.shape, geometry, (i, w, o) => {
      sums[i] += gradient.data[o] * weight.data[w]
    })
    sums.forEach((sum, index) => {
      output.data[index] = sum + (residual ? residual.data[index] : 0)
    })
  },
}
