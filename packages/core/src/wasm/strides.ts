import { RANK } from '@residual/kernels-wasm'
import type { Shape } from '../shape.ts'

/** A row is cut into so many at least if its axes allow it, and none has fewer values than this. */
const ROWS = 32
const LEAST = 256

/**
 * Drops extents of 1 and joins axes that every operand walks as one, then pads to the kernels' six dimensions: long
 * rows are fast rows. What would be a single one is cut again, as rows are what threads share.
 */
export function coalesce<Operand extends string>(
  shape: Shape,
  strides: Record<Operand, readonly number[]>,
): { sizes: number[]; strides: Record<Operand, number[]> } {
  const operands = Object.keys(strides) as Operand[]
  const sizes: number[] = []
  const joined = Object.fromEntries(operands.map(name => [name, [] as number[]])) as Record<Operand, number[]>
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue
    const continues = sizes.length > 0 && operands.every(name => strides[name][axis] === joined[name][0] * sizes[0])
    if (continues) {
      sizes[0] *= shape[axis]
      continue
    }
    sizes.unshift(shape[axis])
    for (const name of operands) joined[name].unshift(strides[name][axis])
  }
  // A scalar is a row of one; its stride is never used but must be one of a dense row.
  if (sizes.length === 0) {
    sizes.push(1)
    for (const name of operands) joined[name].push(1)
  }
  if (sizes.length === 1) {
    const rows = rowsOf(shape, sizes[0])
    for (const name of operands) joined[name].unshift(joined[name][0] * (sizes[0] / rows))
    sizes.splice(0, 1, rows, sizes[0] / rows)
  }
  while (sizes.length < RANK) {
    sizes.unshift(1)
    for (const name of operands) joined[name].unshift(0)
  }
  return { sizes, strides: joined }
}

/** Into how many rows so many values are cut, along the first axes. */
function rowsOf(shape: Shape, values: number): number {
  let rows = 1
  for (const extent of shape) {
    if (rows >= ROWS || values < rows * extent * LEAST) break
    rows *= extent
  }
  return rows
}
