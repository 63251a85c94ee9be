import { ShapeError } from '../errors.ts'
import { noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { formatShape, type Shape, sizeOf } from '../shape.ts'

/** Inputs: x of any shape. */
export interface ReshapeAttributes {
  readonly shape: Shape
}

const reshapeOperation: Operation<'reshape'> = {
  name: 'reshape',
  shape([x], { shape }) {
    if (sizeOf(shape) !== sizeOf(x) || shape.some(extent => extent < 0)) {
      throw new ShapeError(
        `reshape: got ${formatShape(shape)} for x ${formatShape(x)}, wanted a shape of ${sizeOf(x)} elements`,
      )
    }
    return shape
  },
  traits: { ...ordinary, storage: 'view', identityAtSameShape: true },
  macs: noMacs,
  gradient: ([x], _, gradient) => [gradient.reshape(x.shape)],
  reference([x], output) {
    output.data.set(x.data)
  },
}

/**
 * The same elements in the same order with another shape.
 * @param shape one extent may be -1, which means whatever makes the sizes equal
 * @throws ShapeError when the sizes differ.
 */
export function reshape(x: Tensor, shape: Shape): Tensor<'reshape'> {
  const known = sizeOf(shape.filter(extent => extent !== -1))
  const isSolvable = shape.filter(extent => extent === -1).length === 1 && sizeOf(x.shape) % known === 0
  return new Tensor(reshapeOperation, [x], {
    shape: isSolvable ? shape.map(extent => (extent === -1 ? sizeOf(x.shape) / known : extent)) : [...shape],
  })
}
