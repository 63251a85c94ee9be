import { ShapeError } from '../errors.ts'
import { noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { formatShape, type Shape, stridesOf, walk } from '../shape.ts'
import { spread } from './spread.ts'
import { checkIntegers } from './window.ts'

/** Inputs: x of any shape. Each list has one number per axis, with `0 <= begin <= end <= extent` and `step >= 1`. */
export interface SliceAttributes {
  readonly begin: readonly number[]
  readonly end: readonly number[]
  readonly step: readonly number[]
}

const sliceOperation: Operation<'slice'> = {
  name: 'slice',
  shape([x], { begin, end, step }) {
    for (const [name, list] of Object.entries({ begin, end, step })) {
      if (list.length !== x.length) {
        throw new ShapeError(
          `slice: got ${name} ${formatShape(list)} for x ${formatShape(x)}, wanted one number for each of its ${x.length} axes`,
        )
      }
    }
    checkIntegers('slice', 'step', step, 1)
    return x.map((extent, axis) => {
      const [from, to] = [begin[axis], end[axis]]
      if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || from > to || to > extent) {
        throw new ShapeError(
          `slice: got ${from} to ${to} on axis ${axis}, wanted integers with 0 <= begin <= end <= ${extent}`,
        )
      }
      return Math.ceil((to - from) / step[axis])
    })
  },
  traits: { ...ordinary, identityAtSameShape: true },
  macs: noMacs,
  gradient: ([x], _, gradient, { begin, step }) => [spread(gradient, x.shape, begin, step)],
  reference([x], output, { begin, step }) {
    const strides = stridesOf(x.shape)
    const first = begin.reduce((sum, from, axis) => sum + from * strides[axis], 0)
    const steps = strides.map((stride, axis) => stride * step[axis])
    walk(output.shape, [steps], (index, [offset]) => {
      output.data[index] = x.data[first + offset]
    })
  },
}

/**
 * Takes every `step`-th element from `begin` to before `end`, on each axis. A negative begin or end counts from the end
 * of its axis, so `-1` is the last element.
 * @param step default 1 on each axis
 * @throws ShapeError when a bound is outside its axis, a step is not positive, or a list does not have a number per
 *   axis.
 */
export function slice(x: Tensor, begin: Shape, end: Shape, step: Shape = begin.map(() => 1)): Tensor<'slice'> {
  const fromStart = (bound: number, axis: number) => (bound < 0 ? bound + x.shape[axis] : bound)
  return new Tensor(sliceOperation, [x], { begin: begin.map(fromStart), end: end.map(fromStart), step: [...step] })
}
