import { ShapeError } from '../errors.ts'
import { noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { formatShape, normalizeAxis, type Shape, sizeOf, stridesOf, walk } from '../shape.ts'
import { gate } from './binary.ts'
import { broadcast } from './broadcast.ts'

export type ReduceKind = 'sum' | 'mean' | 'max' | 'min'

/** Inputs: x of any shape. */
export interface ReduceAttributes {
  readonly kind: ReduceKind
  /** Ascending, counted from 0. */
  readonly axes: readonly number[]
  /** Whether reduced axes stay with an extent of 1. */
  readonly keepDims: boolean
}

const reduceOperation: Operation<'reduce'> = {
  name: 'reduce',
  shape([x], { kind, axes, keepDims }) {
    if ((kind === 'max' || kind === 'min') && axes.some(axis => x[axis] === 0)) {
      throw new ShapeError(`${kind}: got x ${formatShape(x)}, wanted at least one element on axes ${formatShape(axes)}`)
    }
    if (keepDims) return x.map((extent, axis) => (axes.includes(axis) ? 1 : extent))
    return x.filter((_, axis) => !axes.includes(axis))
  },
  traits: { ...ordinary, identityAtSameShape: true },
  macs: noMacs,
  gradient([x], y, gradient, { kind, axes }) {
    const kept = x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent))
    const spread = (tensor: Tensor) => broadcast(tensor.reshape(kept), x.shape)
    if (kind === 'sum') return [spread(gradient)]
    if (kind === 'mean') return [spread(gradient.mul(1 / sizeOf(axes.map(axis => x.shape[axis]))))]
    // Tied elements share the gradient evenly, as in PyTorch's amax.
    const isExtreme = gate(1, x.sub(y.reshape(kept)).abs())
      .neg()
      .add(1)
    return [isExtreme.mul(gradient.reshape(kept).div(isExtreme.sum(axes, true)))]
  },
  reference([x], output, { kind, axes }) {
    const kept = stridesOf(x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)))
    const strides = kept.map((stride, axis) => (axes.includes(axis) ? 0 : stride))
    const start = kind === 'max' ? -Infinity : kind === 'min' ? Infinity : 0
    const totals = new Float64Array(output.data.length).fill(start)
    walk(x.shape, [strides], (index, [to]) => {
      const value = x.data[index]
      if (kind === 'max') totals[to] = Math.max(totals[to], value)
      else if (kind === 'min') totals[to] = Math.min(totals[to], value)
      else totals[to] += value
    })
    const count = kind === 'mean' ? sizeOf(axes.map(axis => x.shape[axis])) : 1
    for (let i = 0; i < totals.length; i++) output.data[i] = totals[i] / count
  },
}

/**
 * The sum, mean, maximum or minimum over some axes.
 * @param axes default all axes; each may count from the end
 * @param keepDims whether reduced axes stay with an extent of 1; default false
 * @throws ShapeError for an axis that does not exist or occurs twice, and for the maximum or minimum of nothing.
 */
export function reduce(kind: ReduceKind, x: Tensor, axes?: number | Shape, keepDims = false): Tensor<'reduce'> {
  const list = axes === undefined ? x.shape.map((_, axis) => axis) : typeof axes === 'number' ? [axes] : axes
  const normalized = list.map(axis => normalizeAxis(kind, axis, x.shape.length)).sort((a, b) => a - b)
  if (new Set(normalized).size !== normalized.length) {
    throw new ShapeError(`${kind}: got axes ${formatShape(list)}, wanted each axis once`)
  }
  return new Tensor(reduceOperation, [x], { kind, axes: normalized, keepDims })
}
