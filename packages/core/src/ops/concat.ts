import { ShapeError } from '../errors.ts'
import { noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { formatShape, normalizeAxis, sizeOf } from '../shape.ts'

/** Inputs: one or more tensors that agree on every axis but one. */
export interface ConcatAttributes {
  /** Counted from 0. */
  readonly axis: number
}

const concatOperation: Operation<'concat'> = {
  name: 'concat',
  shape(inputs, { axis }) {
    const [first, ...rest] = inputs
    for (const other of rest) {
      if (other.length !== first.length || !first.every((extent, i) => i === axis || extent === other[i])) {
        throw new ShapeError(
          `concat: got ${formatShape(first)} and ${formatShape(other)}, wanted shapes that differ only on axis ${axis}`,
        )
      }
    }
    return first.map((extent, i) => (i === axis ? inputs.reduce((sum, shape) => sum + shape[axis], 0) : extent))
  },
  traits: { ...ordinary, identityAtSameShape: true },
  macs: noMacs,
  gradient(inputs, output, gradient, { axis }) {
    let at = 0
    return inputs.map(({ shape }) => {
      const begin = output.shape.map((_, i) => (i === axis ? at : 0))
      at += shape[axis]
      return gradient.slice(
        begin,
        output.shape.map((extent, i) => (i === axis ? at : extent)),
      )
    })
  },
  reference(inputs, output, { axis }) {
    const runs = sizeOf(output.shape.slice(0, axis))
    let position = 0
    for (let run = 0; run < runs; run++) {
      for (const { shape, data } of inputs) {
        const length = sizeOf(shape.slice(axis))
        output.data.set(data.subarray(run * length, (run + 1) * length), position)
        position += length
      }
    }
  },
}

/**
 * Joins tensors along `axis`, which may count from the end.
 * @throws ShapeError when there are no tensors, no such axis, or shapes that differ on another axis.
 */
export function concat(tensors: readonly Tensor[], axis: number): Tensor<'concat'> {
  if (tensors.length === 0) throw new ShapeError('concat: got no tensors, wanted at least one')
  return new Tensor(concatOperation, tensors, { axis: normalizeAxis('concat', axis, tensors[0].shape.length) })
}
