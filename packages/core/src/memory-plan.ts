import { byteSize, type Graph } from './graph/graph.ts'
import type { Tensor } from './graph/tensor.ts'

/** A cache line, and a multiple of every vector width. */
const alignment = 64

/** A buffer, and the first and last step that use it. */
export interface Lifetime {
  readonly bytes: number
  readonly first: number
  readonly last: number
}

/**
 * Places buffers in one arena so that no two buffers in use at the same step overlap.
 *
 * Greedy by size: the largest buffer comes first, and each goes into the smallest sufficient gap between those placed
 * already (Pisarchyk and Lee 2020, "Efficient Memory Management for Deep Neural Net Inference").
 * @returns the offset of each buffer, a multiple of 64, and the bytes of the whole arena
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

/** Rounds a number of bytes up to a multiple of the alignment. */
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
  /** Offset in bytes of every tensor in the arena; the others are constants, state, or views of those. */
  readonly offsets: ReadonlyMap<Tensor, number>
  readonly bytes: number
}

/** The tensor whose memory holds the values of this one: a reshape moves nothing. */
export function storageOf(node: Tensor): Tensor {
  let storage = node
  while (storage.operation.traits.storage === 'view') storage = storage.inputs[0]
  return storage
}

/**
 * Lays out the intermediate tensors of a graph in one arena. Step `i` computes `graph.nodes[i]`; inputs are written
 * before the first step and outputs read after the last. An elementwise operation overwrites an input that nothing
 * reads afterwards, which saves memory and memory traffic.
 * @param isElsewhere whether a tensor is stored outside the arena; constants and parameters always are
 */
export function planArena(graph: Graph, isElsewhere: (node: Tensor) => boolean = () => false): ArenaPlan {
  const lifetimes = new Map<Tensor, Buffer>()
  graph.nodes.forEach((node, step) => {
    const { storage } = node.operation.traits
    if (storage !== 'view' && storage !== 'lasting' && !isElsewhere(node)) {
      lifetimes.set(node, { bytes: byteSize(node), first: storage === 'given' ? -1 : step, last: step })
    }
    for (const tensor of node.inputs) extend(lifetimes.get(storageOf(tensor)), step)
  })
  for (const output of graph.outputs) extend(lifetimes.get(storageOf(output)), graph.nodes.length)
  graph.nodes.forEach((node, step) => {
    const own = lifetimes.get(node)
    const before = overwritten(node).map(tensor => lifetimes.get(storageOf(tensor)))
    const reused = before.find(buffer => buffer && buffer.last === step && buffer.first >= 0)
    if (!own || !reused || own.bytes === 0) return
    reused.last = own.last
    lifetimes.set(node, reused)
  })
  const buffers = [...new Set(lifetimes.values())]
  const { offsets, bytes } = planMemory(buffers)
  const offsetOf = new Map(buffers.map((buffer, i) => [buffer, offsets[i]]))
  const places = graph.nodes.flatMap((node): [Tensor, number][] => {
    const buffer = lifetimes.get(storageOf(node))
    return buffer ? [[node, offsetOf.get(buffer)!]] : []
  })
  return { offsets: new Map(places), bytes }
}

/** A {@link Lifetime} that grows. */
interface Buffer {
  readonly bytes: number
  readonly first: number
  last: number
}

function extend(buffer: Buffer | undefined, step: number): void {
  if (buffer) buffer.last = Math.max(buffer.last, step)
}

/** The inputs that may be overwritten if nothing else needs them. */
function overwritten(node: Tensor): Tensor[] {
  const { elementwise } = node.operation.traits
  // An input with as many elements as the output is not broadcast.
  const isElementwise = (tensor: Tensor, i: number) => elementwise.includes(i) && byteSize(tensor) === byteSize(node)
  const others = new Set(node.inputs.filter((tensor, i) => !isElementwise(tensor, i)).map(storageOf))
  return node.inputs.filter((tensor, i) => isElementwise(tensor, i) && !others.has(storageOf(tensor)))
}
