import type { Instruction, Kernels, LoadedProgram } from '@residual/kernels-wasm'
import type { Weight } from '../weights/index.ts'

/** A block of WebAssembly memory, and the number of programs that use it. */
export interface Allocation {
  readonly address: number
  readonly bytes: number
  users: number
}

/** The packed form of a weight that a program holds. */
interface PackedBytes {
  readonly kernels: Kernels
  /** How the bytes were packed, apart from the scale. */
  readonly recipe: string
  readonly scale: Float32Array | undefined
  readonly allocation: Allocation
}

/**
 * Packed weights, keyed by the bytes of the weight or the function that reads them. The next program made from the same
 * weight, such as a model's program for another batch size, finds them here. Scaled copies of a weight share its bytes.
 */
const packed = new WeakMap<Weight['bytes'], PackedBytes[]>()

/** The WebAssembly memory that one program keeps for as long as it exists. */
export class Allocations {
  private readonly list: Allocation[] = []
  private program: LoadedProgram | undefined

  constructor(private readonly kernels: Kernels) {}

  allocate(bytes: number): Allocation {
    const allocation = { address: this.kernels.allocate(bytes), bytes, users: 1 }
    this.list.push(allocation)
    return allocation
  }

  /** Finds the packed form of a weight that another program made in this memory by the same recipe. */
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

  /** Lets other programs find a weight that is now packed. */
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
