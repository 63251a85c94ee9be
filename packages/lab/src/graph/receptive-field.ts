import type { Graph, Tensor } from '@residual/core'
import { count } from '../report/format.ts'

/**
 * How much of the input one number of a tensor can depend on: a window of `size` pixels that moves by `stride` pixels
 * from one position to the next; `'all'` of the image if the tensor has no positions.
 */
export type ReceptiveField = { readonly size: Pair; readonly stride: Pair } | 'all'

type Pair = readonly [number, number]

/**
 * The receptive field of every tensor that depends on an input `[n, h, w, c]`: a window of size `k` adds `k - 1`
 * times the stride of the tensor that it is applied to (Araujo et al. 2019, "Computing receptive fields of
 * convolutional neural networks").
 */
export function receptiveFields(graph: Graph): ReadonlyMap<Tensor, ReceptiveField> {
  const fields = new Map<Tensor, ReceptiveField>()
  for (const node of graph.nodes) {
    const field = fieldOf(node, fields)
    if (field) fields.set(node, field)
  }
  return fields
}

function fieldOf(node: Tensor, fields: ReadonlyMap<Tensor, ReceptiveField>): ReceptiveField | undefined {
  if (node.is('input')) return node.shape.length === 4 ? { size: [1, 1], stride: [1, 1] } : undefined
  const known = node.inputs.filter(tensor => fields.has(tensor))
  if (known.length === 0) return undefined
  if (node.shape.length !== 4) return 'all'
  const { reach, stride } = windowOf(node)
  // Tensors without positions, such as the statistics of a batch, do not count.
  const inputs = known.filter(tensor => tensor.shape.length === 4).map(tensor => fields.get(tensor)!)
  return inputs.reduce<ReceptiveField | undefined>((sum, input, i) => {
    // The window moves over the first input only; a residual is added to the result.
    const field = i === 0 ? through(input, reach, stride) : input
    return sum === undefined ? field : union(sum, field)
  }, undefined)
}

function through(field: ReceptiveField, reach: Pair, stride: Pair): ReceptiveField {
  if (field === 'all') return 'all'
  const both = (f: (axis: 0 | 1) => number): Pair => [f(0), f(1)]
  return {
    size: both(axis => field.size[axis] + (reach[axis] - 1) * field.stride[axis]),
    stride: both(axis => field.stride[axis] * stride[axis]),
  }
}

function union(a: ReceptiveField, b: ReceptiveField): ReceptiveField {
  if (a === 'all' || b === 'all') return 'all'
  const larger = (p: Pair, q: Pair): Pair => [Math.max(p[0], q[0]), Math.max(p[1], q[1])]
  return { size: larger(a.size, b.size), stride: larger(a.stride, b.stride) }
}

const POINT: Pair = [1, 1]

function windowOf(node: Tensor): { reach: Pair; stride: Pair } {
  if (node.is('conv2d')) {
    const [, , height, width] = node.inputs[1].shape
    const { dilation, stride } = node.attributes
    return { reach: [dilation[0] * (height - 1) + 1, dilation[1] * (width - 1) + 1], stride }
  }
  if (node.is('maxPool2d') || node.is('avgPool2d'))
    return { reach: node.attributes.kernel, stride: node.attributes.stride }
  if (node.is('slice')) return { reach: POINT, stride: [node.attributes.step[1], node.attributes.step[2]] }
  return { reach: POINT, stride: POINT }
}

/** `11 px`, `7 × 3 px`, `all of it`. */
export function fieldText(field: ReceptiveField | undefined): string {
  if (field === undefined) return ''
  if (field === 'all') return 'all of it'
  const [height, width] = field.size
  return height === width ? `${count(height)} px` : `${count(height)} × ${count(width)} px`
}
