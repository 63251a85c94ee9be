import type { StepTime, Tensor } from '@residual/core'
import type { Box } from './boxes.ts'

/**
 * Milliseconds of each box that has its own steps in a program, by `id`. The time of a box without steps, such as a sum
 * that the convolution before it computes, is included in the time of another box.
 */
export function timesOf(boxes: readonly Box[], steps: readonly StepTime[]): ReadonlyMap<number, number> {
  const times = new Map<number, number>()
  const named = new Map(boxes.flatMap(box => box.layers.map(({ name }) => [name, box.id] as const)))
  const waiting = boxes.flatMap(box => box.layers.flatMap(({ nodes }) => nodes.map(node => ({ node, id: box.id }))))
  for (const step of steps) {
    let id = named.get(step.name)
    if (id === undefined) {
      // Steps without a name are in the order of the graph.
      const at = waiting.findIndex(({ node }) => isOf(step, node))
      id = at < 0 ? undefined : waiting.splice(at, 1)[0].id
    }
    if (id !== undefined) times.set(id, (times.get(id) ?? 0) + step.milliseconds)
  }
  return times
}

const isOf = ({ operation, shape }: StepTime, node: Tensor): boolean =>
  node.op === operation && node.shape.join() === shape.join()
