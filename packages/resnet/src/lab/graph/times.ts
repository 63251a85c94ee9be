import type { StepTime, Tensor } from '@residual/core'
import type { Box } from './boxes.ts'

/**
 * Milliseconds of each box that has steps of a program of its own, by `id`. A box without, such as a sum that the
 * convolution before it does, is in the time of another.
 */
export function timesOf(boxes: readonly Box[], steps: readonly StepTime[]): ReadonlyMap<number, number> {
  const times = new Map<number, number>()
  const named = new Map(boxes.flatMap(box => box.layers.map(({ name }) => [name, box.id] as const)))
  for (const step of steps) {
    // Steps without a name come in the order of the graph.
    const id =
      step.name === '' ? boxes.find(box => !times.has(box.id) && computes(box, step))?.id : named.get(step.name)
    if (id !== undefined) times.set(id, (times.get(id) ?? 0) + step.milliseconds)
  }
  return times
}

const computes = (box: Box, step: StepTime): boolean =>
  box.layers.some(({ nodes }) => nodes.some(node => node.op === step.operation && hasShape(node, step.shape)))

const hasShape = (node: Tensor, shape: readonly number[]): boolean => node.shape.join() === shape.join()
