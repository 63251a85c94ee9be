import { byteSize, type Graph } from './graph.ts'
import type { Tensor } from './tensor.ts'

/** A cache line, and a multiple of every vector width. */
const alignment = 64

/** A piece of memory and the steps at which it is in use, both included. */
export interface Lifetime {
  readonly bytes: number
  readonly first: number
  readonly last: number
}

/**
 * Places buffers in one arena so that no two that live at the same step overlap.
 *
 * Greedy by size, the largest first, each into the smallest gap that fits between those placed already (Pisarchyk and
 * Lee 2020, "Efficient Memory Management for Deep Neural Net Inference").
 * @returns for each buffer its offset, a multiple of 64, and the bytes of the whole arena
 */
export function planMemory(buffers: readonly Lifetime[]): { offsets: number[]; bytes: number } {
  const offsets = new Array<number>(buffers.length).fill(0)
  const bySize = [...buffers.keys()].sort((a, b) => buffers[b].bytes - buffers[a].bytes || a - b)
  /** Buffers placed so far, by offset. */
  const placed: number[] = []
  let total = 0
  for (const index of bySize) {
    const { first, last } = buffers[index]
    const bytes = align(buffers[index].bytes)
    if (bytes === 0) continue
    let best = { offset: -1, gap: Infinity }
    let end = 0
    for (const other of placed) {
      if (buffers[other].last < first || buffers[other].first > last) continue
      const gap = offsets[other] - end
      if (gap >= bytes && gap < best.gap) best = { offset: end, gap }
      end = Math.max(end, offsets[other] + align(buffers[other].bytes))
    }
    offsets[index] = best.offset === -1 ? end : best.offset
    insertByOffset(placed, index, offsets)
    total = Math.max(total, offsets[index] + bytes)
  }
  return { offsets, bytes: total }
}

/** So many bytes up to the next boundary. */
export function align(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment
}

function insertByOffset(placed: number[], index: number, offsets: readonly number[]): void {
  let low = 0
  let high = placed.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (offsets[placed[middle]] <= offsets[index]) low = middle + 1
    else high = middle
  }
  placed.splice(low, 0, index)
}

/** Where the tensors of a graph live while it runs. */
export interface ArenaPlan {
  /** Offset in bytes of every tensor that the arena holds; the others are constants, state, or reshaped from those. */
  readonly offsets: ReadonlyMap<Tensor, number>
  readonly bytes: number
}

/** The tensor whose memory holds the values of this one: reshaping moves nothing. */
export function storageOf(node: Tensor): Tensor {
  let storage = node
  while (storage.is('reshape')) storage = storage.inputs[0]
  return storage
}

/**
 * Lays the intermediate tensors of a graph out in one arena. Step `i` computes `graph.nodes[i]`; inputs are written
 * before the first step and outputs read after the last.
 * @param isElsewhere tensors that have a place of their own, as constants and parameters have
 */
export function planArena(graph: Graph, isElsewhere: (node: Tensor) => boolean = () => false): ArenaPlan {
  const lifetimes = new Map<Tensor, { bytes: number; first: number; last: number }>()
  graph.nodes.forEach((node, step) => {
    const storage = storageOf(node)
    if (storage === node && !node.is('constant') && !node.is('parameter') && !isElsewhere(node)) {
      lifetimes.set(node, { bytes: byteSize(node), first: node.is('input') ? -1 : step, last: step })
    }
    for (const tensor of node.inputs) extend(lifetimes.get(storageOf(tensor)), step)
  })
  for (const output of graph.outputs) extend(lifetimes.get(storageOf(output)), graph.nodes.length)
  const { offsets, bytes } = planMemory([...lifetimes.values()])
  const offsetOf = new Map([...lifetimes.keys()].map((node, i) => [node, offsets[i]]))
  for (const node of graph.nodes) {
    const offset = offsetOf.get(storageOf(node))
    if (offset !== undefined) offsetOf.set(node, offset)
  }
  return { offsets: offsetOf, bytes }
}

function extend(lifetime: { last: number } | undefined, step: number): void {
  if (lifetime) lifetime.last = Math.max(lifetime.last, step)
}
