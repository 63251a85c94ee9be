import { ShapeError } from '../errors.ts'
import { noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { formatShape, stridesOf, walk } from '../shape.ts'
import { checkIntegers } from './window.ts'

/** Inputs: x of any shape. */
export interface PadAttributes {
  /** `[before, after]` for each axis. */
  readonly widths: readonly (readonly [number, number])[]
  readonly value: number
}

const padOperation: Operation<'pad'> = {
  name: 'pad',
  shape([x], { widths }) {
    if (widths.length !== x.length) {
      throw new ShapeError(
        `pad: got ${widths.length} widths for x ${formatShape(x)}, wanted [before, after] for each of its ${x.length} axes`,
      )
    }
    for (const width of widths) checkIntegers('pad', 'widths', width, 0)
    return x.map((extent, axis) => widths[axis][0] + extent + widths[axis][1])
  },
  traits: { ...ordinary, identityAtSameShape: true },
  macs: noMacs,
  gradient([x], _, gradient, { widths }) {
    const begin = widths.map(([before]) => before)
    return [
      gradient.slice(
        begin,
        begin.map((from, axis) => from + x.shape[axis]),
      ),
    ]
  },
  reference([x], output, { widths, value }) {
    const strides = stridesOf(output.shape)
    const first = widths.reduce((sum, [before], axis) => sum + before * strides[axis], 0)
    output.data.fill(value)
    walk(x.shape, [strides], (index, [offset]) => {
      output.data[first + offset] = x.data[index]
    })
  },
}

/**
 * Surrounds x with `value` (default 0).
 * @param widths `[before, after]` for each axis
 * @throws ShapeError unless there is a pair of non-negative integers for each axis.
 */
export function pad(x: Tensor, widths: readonly (readonly [number, number])[], value = 0): Tensor<'pad'> {
  return new Tensor(padOperation, [x], { widths, value })
}
