import { RANK } from '@residual/kernels-wasm'
import type { Shape } from '../shape.ts'

/** A single row is cut into at least `ROWS` rows if its axes allow it, each with at least `LEAST` values. */
const ROWS = 32
const LEAST = 256

/**
 * Drops extents of 1, joins axes that every operand walks as one, because long rows are fast, and pads to the kernels'
 * six dimensions. A single row is cut again, because threads divide the work by rows.
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
  // A scalar is a row of one element. Its stride is never used, but it must be the stride of a dense row.
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

/** The number of rows that a row of `values` elements is cut into along its first axes. */
function rowsOf(shape: Shape, values: number): number {
  let rows = 1
  for (const extent of shape) {
    if (rows >= ROWS || values < rows * extent * LEAST) break
    rows *= extent
  }
  return rows
}
