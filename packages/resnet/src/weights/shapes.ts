import type { Shape } from '@residual/core'
import { parametersOf } from '../network.ts'
import type { Architecture } from '../row.ts'

/** Returns the shape of every parameter of a network by name, in the order of computation. */
export function shapesOf(arch: Architecture): Map<string, Shape> {
  return new Map(parametersOf(arch).map(({ attributes, shape }) => [attributes.name, shape]))
}
