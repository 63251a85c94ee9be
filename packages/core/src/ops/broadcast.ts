import { ShapeError } from '../errors.ts'
import { noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { broadcastShapes, broadcastStrides, formatShape, type Shape, sameShape, walk } from '../shape.ts'

/** Inputs: x of a shape that broadcasts to `shape`. */
export interface BroadcastAttributes {
  readonly shape: Shape
}

const broadcastOperation: Operation<'broadcast'> = {
  name: 'broadcast',
  shape([x], { shape }) {
    if (!sameShape(broadcastShapes('broadcast', x, shape), shape)) {
      throw new ShapeError(`broadcast: got x ${formatShape(x)}, wanted one that broadcasts to ${formatShape(shape)}`)
    }
    return shape
  },
  traits: { ...ordinary, identityAtSameShape: true },
  macs: noMacs,
  gradient: ([x], _, gradient) => [sumTo(gradient, x.shape)],
  reference([x], output) {
    walk(output.shape, [broadcastStrides(x.shape, output.shape)], (index, [from]) => {
      output.data[index] = x.data[from]
    })
  },
}

/**
 * Repeats the elements of x along axes that are 1 or missing in x, by NumPy's broadcasting.
 * @throws ShapeError when x does not broadcast to that shape.
 */
export function broadcast(x: Tensor, shape: Shape): Tensor<'broadcast'> {
  return new Tensor(broadcastOperation, [x], { shape: [...shape] })
}

/** The gradient of broadcasting: sums over the axes along which a tensor of `shape` was repeated. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x
  const offset = x.shape.length - shape.length
  const repeated = x.shape.flatMap((extent, axis) =>
    axis < offset || (shape[axis - offset] === 1 && extent !== 1) ? [axis] : [],
  )
  return x.sum(repeated).reshape(shape)
}
