import { ResidualError } from '@residual/core'
import { KernelError } from '@residual/kernels-wasm'
import { VisionError } from '@residual/vision'
import { type Below, mutate, oneOf, randomBelow } from './bytes.ts'
import { archive, binary } from './kinds/archives.ts'
import { images } from './kinds/images.ts'
import type { Kind } from './kinds/kind.ts'
import { checkpoint, recipeFile } from './kinds/training.ts'
import { config, preprocessorConfig, safetensors, torchLegacy, torchZip } from './kinds/weights.ts'

/** Kinds take turns, so that all have equally many mutants. */
export const KINDS: readonly Kind[] = [
  ...[safetensors, torchZip, torchLegacy, config, preprocessorConfig, checkpoint, recipeFile, archive, binary],
  ...images,
]

export const kindNames: readonly string[] = KINDS.map(({ name }) => name)

/** Undamaged files of each kind, in the order of {@link kindNames}. */
export type Seeds = readonly (readonly Uint8Array[])[]

/** How a mutant ended; everything but the first two is a fault of the product. */
export interface Outcome {
  readonly kind: string
  readonly ending: 'opened' | 'refused' | 'an untyped error' | 'an unclear message'
  /** The error, with its stack if it is not typed. */
  readonly detail: string
}

/** Makes a mutant, which depends only on the seed and the number, opens it and uses it. */
export async function tryMutant(seeds: Seeds, seed: number, index: number, scratch: string): Promise<Outcome> {
  const place = index % KINDS.length
  const kind = KINDS[place]
  const below = randomBelow(mixed(seed, index))
  const file = mutantOf(kind, seeds[place], below)
  try {
    await kind.use(file, below, scratch)
    return { kind: kind.name, ending: 'opened', detail: '' }
  } catch (error) {
    if (!isTyped(error)) return { kind: kind.name, ending: 'an untyped error', detail: describe(error) }
    const isClear = CLEAR.test(error.message)
    return {
      kind: kind.name,
      ending: isClear ? 'refused' : 'an unclear message',
      detail: `${error.name}: ${error.message}`,
    }
  }
}

/** One line of characters that terminals print rather than obey. */
const CLEAR = /^[^\p{Cc}\p{Zl}\p{Zp}]{1,2000}$/u

const isTyped = (error: unknown): error is Error =>
  [ResidualError, VisionError, KernelError].some(type => error instanceof type)

const describe = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error))

function mutantOf(kind: Kind, files: readonly Uint8Array[], below: Below): Uint8Array {
  const [file, other] = [oneOf(files, below), oneOf(files, below)]
  if (kind.change && below(2) === 0) return kind.change(file, below, other)
  let changed = file
  for (let n = 1 + (below(3) >> 1); n > 0 && changed.length > 0; n--)
    changed = mutate(changed, extentOf(changed, below), below, other)
  return changed
}

/** Mostly the beginning or the end, where formats describe what is in between. */
function extentOf({ length }: Uint8Array, below: Below): [from: number, to: number] {
  const short = Math.min(length, 1 << (5 + below(8)))
  return oneOf<[number, number]>(
    [
      [0, short],
      [0, short],
      [length - short, length],
      [0, length],
    ],
    below,
  )
}

/** A seed for each mutant that is unrelated to its neighbours' seeds: the finalizer of MurmurHash3. */
function mixed(seed: number, index: number): number {
  let hash = Math.imul(seed, 0x9e3779b1) + index
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
