import { ShapeError } from '../errors.ts'
import { noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { formatShape, type Shape, stridesOf, walk } from '../shape.ts'

/** Inputs: x of any shape. Each list has one number per axis. */
export interface SpreadAttributes {
  readonly shape: Shape
  readonly begin: readonly number[]
  readonly step: readonly number[]
}

const spreadOperation: Operation<'spread'> = {
  name: 'spread',
  shape([x], { shape, begin, step }) {
    const fits = x.every((extent, axis) => extent === 0 || begin[axis] + (extent - 1) * step[axis] < shape[axis])
    if (x.length !== shape.length || !fits) {
      throw new ShapeError(`spread: got x ${formatShape(x)}, wanted one that fits into ${formatShape(shape)}`)
    }
    return shape
  },
  traits: { ...ordinary, identityAtSameShape: true },
  macs: noMacs,
  gradient([x], _, gradient, { begin, step }) {
    const end = x.shape.map((extent, axis) =>
      extent === 0 ? begin[axis] : begin[axis] + (extent - 1) * step[axis] + 1,
    )
    return [gradient.slice(begin, end, step)]
  },
  reference([x], output, { begin, step }) {
    const strides = stridesOf(output.shape)
    const first = begin.reduce((sum, from, axis) => sum + from * strides[axis], 0)
    const steps = strides.map((stride, axis) => stride * step[axis])
    output.data.fill(0)
    walk(x.shape, [steps], (index, [offset]) => {
      output.data[first + offset] = x.data[index]
    })
  },
}

/** The reverse of a slice: a tensor of zeros of `shape`, with x at every `step`-th element starting at `begin`. */
export function spread(x: Tensor, shape: Shape, begin: readonly number[], step: readonly number[]): Tensor<'spread'> {
  return new Tensor(spreadOperation, [x], { shape: [...shape], begin: [...begin], step: [...step] })
}
