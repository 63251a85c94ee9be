import { type Instruction, type Kernels, type LoadedProgram, SCRATCH } from '@residual/kernels-wasm'
import type { State } from '../backend.ts'
import type { Tensor } from '../graph/tensor.ts'
import { type ArenaPlan, align, storageOf } from '../memory-plan.ts'
import { sizeOf } from '../shape.ts'
import { fromFloat32, type Weight } from '../weights/index.ts'
import type { Allocations } from './allocations.ts'
import { type Packing, packWeights, type WeightToPack } from './packing.ts'

/** Where a program's tensors lie while it is being written, and its instructions so far. */
export class ProgramWriter {
  readonly instructions: Instruction[] = []
  /** Addresses of constants and state. */
  private readonly lasting = new Map<Tensor, number>()
  private readonly arena: number
  private zeros = { address: 0, count: 0 }
  /** Bytes of scratch memory: of the operation at hand so far, and of the one that needs most. */
  private readonly scratchBytes = { used: 0, most: 0 }
  /** Constants that {@link packConstants} packs. */
  private readonly unpacked: WeightToPack[] = []
  /** Lets other programs share constants, once they are packed. */
  private readonly offers: (() => void)[] = []
  /** Bytes of constants, packed ones included. */
  weightBytes = 0
  /** Whether the program trains, where nobody asks that an image's result be the same in any batch. */
  readonly wholeBatch: boolean

  constructor(
    private readonly kernels: Kernels,
    private readonly allocations: Allocations,
    private readonly plan: ArenaPlan,
    state: readonly State[] = [],
    /** Updates that are written over the parameter they are for. */
    private readonly inPlace: ReadonlyMap<Tensor, Tensor> = new Map(),
  ) {
    this.wholeBatch = state.length > 0
    this.arena = allocations.allocate(plan.bytes).address
    for (const { parameter, initial } of state) {
      const address = this.weights(initial.length)
      kernels.floats(address, initial.length).set(initial)
      this.lasting.set(parameter, address)
    }
  }

  /** Address of a tensor's values; constants are written to memory when first asked for. */
  addressOf(tensor: Tensor): number {
    const offset = this.plan.offsets.get(tensor)
    if (offset !== undefined) return this.arena + offset
    const origin = storageOf(tensor)
    const storage = (this.inPlace.get(origin) ?? origin) as Tensor<'constant'>
    let address = this.lasting.get(storage)
    if (address === undefined) {
      address = this.placed(storage)
      this.lasting.set(storage, address)
    }
    return address
  }

  private placed(storage: Tensor<'constant'>): number {
    const floats = sizeOf(storage.shape)
    const { data } = storage.attributes
    if (!data) return this.packed(storage, floats * 4, { run: (input, output) => copyRow(input, output, floats) })
    const address = this.weights(floats)
    this.kernels.floats(address, floats).set(data)
    return address
  }

  emit(...instructions: Instruction[]): void {
    this.instructions.push(...instructions)
  }

  /** Stores the value of an update in its parameter at the end of the program, unless it is there already. */
  assign(parameter: Tensor, value: Tensor): void {
    const [from, to] = [this.addressOf(value), this.addressOf(parameter)]
    const count = sizeOf(parameter.shape)
    if (from !== to && count > 0) this.emit(copyRow(from, to, count))
  }

  /** Room for `floats` values that live as long as the program. */
  weights(floats: number): number {
    this.weightBytes += floats * 4
    return this.allocations.allocate(floats * 4).address
  }

  /** Starts an operation: scratch memory is free again. */
  startOperation(): void {
    this.scratchBytes.used = 0
  }

  /**
   * Room for `floats` values that mean nothing before and after the operation at hand. All operations have the same
   * memory, which so stays in the caches; how much it is, and where, is known once all are written.
   */
  scratch(floats: number): number {
    const address = SCRATCH + this.scratchBytes.used
    this.scratchBytes.used += align(floats * 4)
    this.scratchBytes.most = Math.max(this.scratchBytes.most, this.scratchBytes.used)
    return address
  }

  /** {@link scratch} of `shared` values and `own` more for each thread. */
  workspaceOf(shared: number, own = 0): number {
    return this.scratch(shared + this.kernels.threads * own)
  }

  /** Bytes of the arena and of scratch memory. */
  get activationBytes(): number {
    return this.plan.bytes + this.scratchBytes.most
  }

  /** Address of at least `count` zeros that nothing writes to. */
  zerosFor(count: number): number {
    if (count > this.zeros.count) {
      this.zeros = { address: this.weights(count), count }
      this.kernels.floats(this.zeros.address, count).fill(0)
    }
    return this.zeros.address
  }

  /**
   * Address of a tensor's values after packing, which needs so many bytes for them elsewhere: done once by
   * {@link packConstants} for a constant, whose original is not kept, and at every run for anything else.
   */
  packed(tensor: Tensor, bytes: number, packing: Packing): number {
    const storage = storageOf(tensor)
    if (storage.is('constant')) {
      this.weightBytes += bytes
      return this.packedConstant(weightOf(storage), bytes, packing)
    }
    const target = this.scratch(bytes / 4)
    this.emit(...[packing.run(this.addressOf(tensor), target)].flat())
    return target
  }

  private packedConstant(weight: Weight, bytes: number, packing: Packing): number {
    const recipe = JSON.stringify([weight.dtype, packing.run(0, 0), bytes])
    const found = this.allocations.find(weight, recipe)
    if (found) return found.address
    const allocation = this.allocations.allocate(bytes)
    this.unpacked.push({ weight, packing, target: allocation.address })
    this.offers.push(() => this.allocations.offer(weight, recipe, allocation))
    return allocation.address
  }

  /** Does what {@link packed} put off. */
  async packConstants(): Promise<void> {
    await packWeights(this.kernels, this.unpacked.splice(0))
    for (const offer of this.offers.splice(0)) offer()
  }

  /** The program, in memory. */
  load(): LoadedProgram {
    return this.allocations.load(this.instructions, this.allocations.allocate(this.scratchBytes.most).address)
  }

  /** Address of a bias with room after it, since the tile reads whole panels. */
  biasOf(tensor: Tensor, floats: number): number {
    const count = sizeOf(tensor.shape)
    return this.packed(tensor, floats * 4, { run: (input, output) => copyRow(input, output, count) })
  }
}

function weightOf({ attributes: { weight, data, shape } }: Tensor<'constant'>): Weight {
  return weight ?? fromFloat32(data, shape, 'F32')
}

function copyRow(input: number, output: number, count: number): Instruction {
  const strides = [0, 0, 0, 0, 0, 1]
  return { op: 'copy', input, output, sizes: [1, 1, 1, 1, 1, count], inputStrides: strides, outputStrides: strides }
}
