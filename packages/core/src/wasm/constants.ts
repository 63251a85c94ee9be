import type { Instruction, Kernels } from '@residual/kernels-wasm'
import type { StoredValues } from '../ops/constant.ts'

/** What reads values at `source` and writes to `target`. */
export interface Preparation {
  /** Outputs of weights that lie one behind the other, and how many, or multiples of it, can be prepared by themselves. */
  readonly outputs?: { readonly all: number; readonly unit: number }
  /** All, or a part of the outputs. */
  run(source: number, target: number, part?: Part): Instruction | readonly Instruction[]
}

/** Some of the outputs, at the first of which is `source`. */
interface Part {
  readonly first: number
  readonly count: number
}

/** Values that are to be prepared. */
export interface Order {
  readonly floats: number
  readonly stored: StoredValues
  /** Address. */
  readonly target: number
  readonly preparation: Preparation
}

/** Values of originals that are in memory at a time: read, scaled and packed while they are in the second-level cache. */
const ROOM = 1 << 18

/** A piece of a constant: values `from` to `from + floats`. */
interface Piece {
  readonly stored: StoredValues
  readonly from: number
  readonly floats: number
  /** The factor of each output in it. */
  readonly scale: Float32Array | undefined
  instructions(source: number): readonly Instruction[]
}

/** Carries out orders, some at a time; where they are to be read, the next are while these are prepared. */
export async function prepareConstants(kernels: Kernels, orders: readonly Order[]): Promise<void> {
  const batches = batchesOf(orders.flatMap(piecesOf))
  const floats = Math.max(0, ...batches.map(roomOf))
  const room = kernels.allocate(floats * 4)
  const buffers = [0, 1].map(() => new Float32Array(batches.some(isRead) ? floats : 0))
  try {
    let next = readBatch(batches[0], buffers[0])
    for (let i = 0; i < batches.length; i++) {
      const values = await next
      next = readBatch(batches[i + 1], buffers[(i + 1) % 2])
      // Should this batch fail, nobody waits for the next one.
      next.catch(() => {})
      await kernels.executeOnce(writeBatch(kernels, batches[i], values, room))
    }
  } finally {
    kernels.release(room, floats * 4)
  }
}

function piecesOf({ floats, stored, target, preparation: { outputs, run } }: Order): Piece[] {
  if (!outputs) {
    return [{ stored, from: 0, floats, scale: stored.scale, instructions: source => [run(source, target)].flat() }]
  }
  const row = floats / outputs.all
  const step = outputs.unit * Math.max(1, Math.floor(ROOM / (outputs.unit * row)))
  const pieces: Piece[] = []
  for (let first = 0; first < outputs.all; first += step) {
    const count = Math.min(step, outputs.all - first)
    pieces.push({
      stored,
      from: first * row,
      floats: count * row,
      scale: stored.scale?.subarray(first, first + count),
      instructions: source => [run(source, target, { first, count })].flat(),
    })
  }
  return pieces
}

const isSource = (piece: Piece): boolean => !(piece.stored.weights instanceof Float32Array)
const isRead = (batch: readonly Piece[]): boolean => batch.some(isSource)
const roomOf = (batch: readonly Piece[]): number =>
  batch.reduce((sum, { floats, scale }) => sum + floats + (scale?.length ?? 0), 0)

/** As many at a time as there is room for, and at least one. */
function batchesOf(pieces: readonly Piece[]): Piece[][] {
  const batches: Piece[][] = []
  let free = 0
  for (const piece of pieces) {
    const floats = roomOf([piece])
    if (floats > free || batches.length === 0) {
      batches.push([])
      free = ROOM
    }
    batches[batches.length - 1].push(piece)
    free -= floats
  }
  return batches
}

/** The values of each piece, those that are read in `buffer`. */
async function readBatch(batch: readonly Piece[] | undefined, buffer: Float32Array): Promise<Float32Array[]> {
  let at = 0
  const reads = (batch ?? []).map(async ({ stored: { weights }, from, floats }) => {
    if (weights instanceof Float32Array) return weights.subarray(from, from + floats)
    const target = buffer.subarray(at, at + floats)
    at += floats
    await weights.read(target, from)
    return target
  })
  return Promise.all(reads)
}

/** Brings a batch into memory and returns what is to be done with it. */
function writeBatch(
  kernels: Kernels,
  batch: readonly Piece[],
  values: readonly Float32Array[],
  room: number,
): Instruction[] {
  let at = room
  const put = (array: Float32Array) => {
    const address = at
    kernels.floats(address, array.length).set(array)
    at += array.byteLength
    return address
  }
  return batch.flatMap(({ scale, instructions }, i) => {
    const source = put(values[i])
    const scaling = scale ? [multiplyRows(source, put(scale), scale.length, values[i].length)] : []
    return [...scaling, ...instructions(source)]
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
