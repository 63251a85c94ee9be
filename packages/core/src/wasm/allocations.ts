import type { Instruction, Kernels, LoadedProgram } from '@residual/kernels-wasm'
import type { WeightSource } from '../weights.ts'

/** A piece of WebAssembly memory, and by how many programs it is used. */
export interface Allocation {
  readonly address: number
  readonly bytes: number
  users: number
}

/** What was prepared from weights that are read. */
interface Prepared {
  readonly kernels: Kernels
  readonly recipe: string
  readonly scale: Float32Array | undefined
  readonly allocation: Allocation
}

/** Prepared weights, for the next program that is made of the same ones: of a model for another batch size. */
const prepared = new WeakMap<WeightSource, Prepared[]>()

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

  /** What another program has prepared from a source in this memory, by the same recipe. */
  find(source: WeightSource, recipe: string, scale: Float32Array | undefined): Allocation | undefined {
    const found = prepared.get(source)?.find(entry => {
      const isSame = entry.kernels.memory === this.kernels.memory && entry.recipe === recipe
      return isSame && entry.allocation.users > 0 && sameValues(entry.scale, scale)
    })
    if (!found) return undefined
    found.allocation.users++
    this.list.push(found.allocation)
    return found.allocation
  }

  /** Lets other programs find what is now prepared. */
  offer(source: WeightSource, recipe: string, scale: Float32Array | undefined, allocation: Allocation): void {
    const inUse = (prepared.get(source) ?? []).filter(entry => entry.allocation.users > 0)
    prepared.set(source, [...inUse, { kernels: this.kernels, recipe, scale, allocation }])
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
