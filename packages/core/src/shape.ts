import { ShapeError } from './errors.ts'

/** Extents of a tensor, outermost first. A tensor is stored densely in row-major order; `[]` is a scalar. */
export type Shape = readonly number[]

/** Element types: 32-bit floats, or the 32-bit integers that `argmax` makes. */
export type DType = 'f32' | 'i32'

/** More axes than any network here needs; the kernels keep this many loop counters. */
const maxRank = 6

/** Kernels index with signed 32-bit integers. */
const maxElements = 2 ** 31 - 1

/** Number of elements in a tensor of this shape; 1 for a scalar, 0 when any extent is 0. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= shape[axis]
  }
  return strides
}

/** `[2, 3]`, as messages print a shape. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis])
}

/** Throws unless `shape` has 0 to 6 axes of non-negative integers and fewer than 2^31 elements. */
export function checkShape(operation: string, shape: Shape): void {
  if (!shape.every(extent => Number.isInteger(extent) && extent >= 0)) {
    throw new ShapeError(`${operation}: got shape ${formatShape(shape)}, wanted non-negative integers`)
  }
  if (shape.length > maxRank) {
    throw new ShapeError(`${operation}: got shape ${formatShape(shape)}, wanted at most ${maxRank} axes`)
  }
  if (sizeOf(shape) > maxElements) {
    throw new ShapeError(`${operation}: got shape ${formatShape(shape)}, wanted at most ${maxElements} elements`)
  }
}

/**
 * The non-negative form of `axis`, which may count from the end as in NumPy.
 * @throws ShapeError when there is no such axis.
 */
export function normalizeAxis(operation: string, axis: number, rank: number): number {
  if (rank === 0) throw new ShapeError(`${operation}: got axis ${axis} of a scalar, wanted a tensor with axes`)
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(`${operation}: got axis ${axis}, wanted an integer from ${-rank} to ${rank - 1}`)
  }
  return axis < 0 ? axis + rank : axis
}

/**
 * The shape that two shapes broadcast to, by NumPy's rule: they are aligned at the right, and extents are equal or 1.
 * @throws ShapeError when they do not broadcast.
 */
export function broadcastShapes(operation: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1
    const right = b[axis - rank + b.length] ?? 1
    if (left !== right && left !== 1 && right !== 1) {
      throw new ShapeError(
        `${operation}: got ${formatShape(a)} and ${formatShape(b)}, wanted shapes that broadcast (extents equal or 1, from the right)`,
      )
    }
    return left === 1 ? right : left
  })
}

/** Strides, in elements, that walk `from` as if it had the broadcast shape `to`: 0 along repeated axes. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const strides = stridesOf(from)
  const offset = to.length - from.length
  return to.map((_, axis) => (axis < offset || from[axis - offset] === 1 ? 0 : strides[axis - offset]))
}

/**
 * Calls `visit(index, offsets)` for every element of `shape` in row-major order; `offsets[k]` is the position of that
 * element under `strides[k]`. The array is reused between calls.
 */
export function walk(
  shape: Shape,
  strides: readonly (readonly number[])[],
  visit: (index: number, offsets: readonly number[]) => void,
): void {
  const counters = new Array<number>(shape.length).fill(0)
  const offsets = new Array<number>(strides.length).fill(0)
  const size = sizeOf(shape)
  for (let index = 0; index < size; index++) {
    visit(index, offsets)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const wraps = ++counters[axis] === shape[axis]
      const step = wraps ? 1 - shape[axis] : 1
      for (let k = 0; k < strides.length; k++) offsets[k] += step * strides[k][axis]
      if (!wraps) break
      counters[axis] = 0
    }
  }
}
