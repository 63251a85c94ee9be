import type { Instruction, Kernels, LoadedProgram } from '@residual/kernels-wasm'
import type { Weight } from '../weights/index.ts'

/** A piece of WebAssembly memory, and by how many programs it is used. */
export interface Allocation {
  readonly address: number
  readonly bytes: number
  users: number
}

/** What a program has packed from the bytes of a weight. */
interface PackedBytes {
  readonly kernels: Kernels
  /** What was done with the bytes, but for the scale. */
  readonly recipe: string
  readonly scale: Float32Array | undefined
  readonly allocation: Allocation
}

/**
 * By the bytes of a weight, or what reads them: for the next program that is made of the same ones, as of a model for another
 * batch size. Scaled weights of one origin have the same bytes.
 */
const packed = new WeakMap<Weight['bytes'], PackedBytes[]>()

/** The WebAssembly memory of one program: all that stays once it is written. */
export class Allocations {
  private readonly list: Allocation[] = []
  private program: LoadedProgram | undefined

  constructor(private readonly kernels: Kernels) {}

  allocate(bytes: number): Allocation {
    const allocation = { address: this.kernels.allocate(bytes), bytes, users: 1 }
    this.list.push(allocation)
    return allocation
  }

  /** What another program has packed from a weight in this memory, by the same recipe. */
  find({ bytes, scale }: Weight, recipe: string): Allocation | undefined {
    const found = packed.get(bytes)?.find(entry => {
      const isSame = entry.kernels.memory === this.kernels.memory && entry.recipe === recipe
      return isSame && entry.allocation.users > 0 && sameValues(entry.scale, scale)
    })
    if (!found) return undefined
    found.allocation.users++
    this.list.push(found.allocation)
    return found.allocation
  }

  /** Lets other programs find what is now packed. */
  offer({ bytes, scale }: Weight, recipe: string, allocation: Allocation): void {
    const inUse = (packed.get(bytes) ?? []).filter(entry => entry.allocation.users > 0)
    packed.set(bytes, [...inUse, { kernels: this.kernels, recipe, scale, allocation }])
  }

  load(instructions: readonly Instruction[], scratch: number): LoadedProgram {
    this.program = this.kernels.load(instructions, scratch)
    return this.program
  }

  release(): void {
    for (const allocation of this.list.splice(0)) {
      if (--allocation.users === 0) this.kernels.release(allocation.address, allocation.bytes)
    }
    if (this.program) this.kernels.unload(this.program)
    this.program = undefined
  }
}

function sameValues(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  return a === b || (a?.length === b?.length && a!.every((value, i) => value === b![i]))
}
