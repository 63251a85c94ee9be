import type { Instruction, Kernels } from '@residual/kernels-wasm'
import { copyElements, elementCount, isInMemory, isToBeRead, readElements, type Weight } from '../weights/index.ts'

/** How to lay out values for the kernels: a weight in panels, a bias with room after it. */
export interface Packing {
  /**
   * The outputs of a weight, which lie one after another: how many there are, and the unit of a part. One call of `run`
   * may pack any multiple of `unit` outputs. Without this field, one call packs everything.
   */
  readonly outputs?: { readonly all: number; readonly unit: number }
  /** The instructions that read the values of all or some outputs at `source` and write them packed to `target`. */
  run(source: number, target: number, part?: Outputs): Instruction | readonly Instruction[]
}

/** Consecutive outputs of a weight; the values at the source begin with the first of them. */
interface Outputs {
  readonly first: number
  readonly count: number
}

/** A weight, how to pack it, and the address of the result. */
export interface WeightToPack {
  readonly weight: Weight
  readonly packing: Packing
  readonly target: number
}

/** A part of a weight that is read, scaled and packed in one go, small enough to stay in the second-level cache. */
interface WeightPart {
  readonly weight: Weight
  /** Index of its first element. */
  readonly from: number
  readonly count: number
  /** The factor of each output in this part. */
  readonly scale: Float32Array | undefined
  instructions(source: number): readonly Instruction[]
}

/** How many bytes of values, as 32-bit floats, are in memory at a time. */
const ROOM = 1 << 20
const FLOAT = 4

/** Packs weights, a few parts at a time. Parts that have to be read are read while the parts before them are packed. */
export async function packWeights(kernels: Kernels, weights: readonly WeightToPack[]): Promise<void> {
  const batches = batchesOf(weights.flatMap(partsOf))
  const bytes = Math.max(0, ...batches.map(roomOf))
  const room = kernels.allocate(bytes)
  const areRead = batches.some(batch => batch.some(({ weight }) => isToBeRead(weight)))
  const buffers = [0, 1].map(() => new Float32Array(areRead ? bytes / FLOAT : 0))
  try {
    let next = readBatch(batches[0], buffers[0])
    for (let i = 0; i < batches.length; i++) {
      const read = await next
      next = readBatch(batches[i + 1], buffers[(i + 1) % 2])
      // If this batch fails, nothing awaits the next one.
      next.catch(() => {})
      await kernels.executeOnce(writeBatch(kernels, batches[i], read, room))
    }
  } finally {
    kernels.release(room, bytes)
  }
}

function partsOf({ weight, packing: { outputs, run }, target }: WeightToPack): WeightPart[] {
  const elements = elementCount(weight.shape)
  const { scale } = weight
  if (!outputs) {
    return [{ weight, from: 0, count: elements, scale, instructions: source => [run(source, target)].flat() }]
  }
  const row = elements / outputs.all
  const step = outputs.unit * Math.max(1, Math.floor(ROOM / (outputs.unit * row * FLOAT)))
  const parts: WeightPart[] = []
  for (let first = 0; first < outputs.all; first += step) {
    const count = Math.min(step, outputs.all - first)
    parts.push({
      weight,
      from: first * row,
      count: count * row,
      scale: scale?.subarray(first, first + count),
      instructions: source => [run(source, target, { first, count })].flat(),
    })
  }
  return parts
}

/** Bytes that the values and scales of a batch take. */
const roomOf = (batch: readonly WeightPart[]): number =>
  batch.reduce((sum, { count, scale }) => sum + (count + (scale?.length ?? 0)) * FLOAT, 0)

/** Groups parts into batches that fit into the room, with at least one part each. */
function batchesOf(parts: readonly WeightPart[]): WeightPart[][] {
  const batches: WeightPart[][] = []
  let free = 0
  for (const part of parts) {
    const bytes = roomOf([part])
    if (bytes > free || batches.length === 0) {
      batches.push([])
      free = ROOM
    }
    batches[batches.length - 1].push(part)
    free -= bytes
  }
  return batches
}

/** Reads the elements of each part that is not in memory into `buffer`. */
async function readBatch(
  batch: readonly WeightPart[] | undefined,
  buffer: Float32Array,
): Promise<(Float32Array | undefined)[]> {
  let at = 0
  const reads = (batch ?? []).map(async ({ weight, from, count }) => {
    if (!isToBeRead(weight)) return undefined
    const target = buffer.subarray(at, at + count)
    at += count
    await readElements(weight, target, from)
    return target
  })
  return Promise.all(reads)
}

/** Copies a batch to WebAssembly memory and returns the instructions that scale and pack it. */
function writeBatch(
  kernels: Kernels,
  batch: readonly WeightPart[],
  read: readonly (Float32Array | undefined)[],
  room: number,
): Instruction[] {
  let at = room
  const place = (count: number) => {
    const address = at
    at += count * FLOAT
    return { address, floats: kernels.floats(address, count) }
  }
  return batch.flatMap(({ weight, from, count, scale, instructions }, i) => {
    const source = place(count)
    if (isInMemory(weight)) copyElements(weight, source.floats, from)
    else source.floats.set(read[i]!)
    if (!scale) return instructions(source.address)
    const factors = place(scale.length)
    factors.floats.set(scale)
    const scaling = multiplyRows(source.address, factors.address, scale.length, count)
    return [scaling, ...instructions(source.address)]
  })
}

/** Multiplies each of `count` rows by its factor. */
function multiplyRows(rows: number, factors: number, count: number, floats: number): Instruction {
  const strides = [0, 0, 0, 0, floats / count, 1]
  return {
    op: 'binary',
    kind: 'mul',
    a: rows,
    b: factors,
    output: rows,
    sizes: [1, 1, 1, 1, count, floats / count],
    aStrides: strides,
    bStrides: [0, 0, 0, 0, 1, 0],
  }
}
