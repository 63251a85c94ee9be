import { type Instruction, type Kernels, type LoadedProgram, SCRATCH } from '@residual/kernels-wasm'
import type { State } from '../backend.ts'
import type { Tensor } from '../graph/tensor.ts'
import { type ArenaPlan, align, storageOf } from '../memory-plan.ts'
import { sizeOf } from '../shape.ts'
import { fromFloat32, type Weight } from '../weights/index.ts'
import type { Allocations } from './allocations.ts'
import { type Packing, packWeights, type WeightToPack } from './packing.ts'

/** The addresses of a program's tensors and its instructions so far, while it is being written. */
export class ProgramWriter {
  readonly instructions: Instruction[] = []
  /** Addresses of constants and state. */
  private readonly lasting = new Map<Tensor, number>()
  private readonly arena: number
  private zeros = { address: 0, count: 0 }
  /** Bytes of scratch memory that the current operation has used so far, and the most that any operation uses. */
  private readonly scratchBytes = { used: 0, most: 0 }
  /** Constants still to be packed by {@link packConstants}. */
  private readonly unpacked: WeightToPack[] = []
  /** Functions that offer constants to other programs after they are packed. */
  private readonly offers: (() => void)[] = []
  /** Bytes of constants, packed ones included. */
  weightBytes = 0
  /** Whether the program trains. Then an image's result need not be the same in every batch. */
  readonly wholeBatch: boolean

  constructor(
    private readonly kernels: Kernels,
    private readonly allocations: Allocations,
    private readonly plan: ArenaPlan,
    state: readonly State[] = [],
    /** Updates that overwrite their parameter. */
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

  /** Address of a tensor's values. The first call for a constant writes it to memory. */
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

  /** Copies the value of an update to its parameter at the end of the program, unless it is there already. */
  assign(parameter: Tensor, value: Tensor): void {
    const [from, to] = [this.addressOf(value), this.addressOf(parameter)]
    const count = sizeOf(parameter.shape)
    if (from !== to && count > 0) this.emit(copyRow(from, to, count))
  }

  /** Allocates room for `floats` values that live as long as the program. */
  weights(floats: number): number {
    this.weightBytes += floats * 4
    return this.allocations.allocate(floats * 4).address
  }

  /** Starts an operation: scratch memory is free again. */
  startOperation(): void {
    this.scratchBytes.used = 0
  }

  /**
   * Reserves room for `floats` values that only the current operation uses. All operations share this memory, so it
   * stays in the caches; its size and address are known after all operations are written.
   */
  scratch(floats: number): number {
    const address = SCRATCH + this.scratchBytes.used
    this.scratchBytes.used += align(floats * 4)
    this.scratchBytes.most = Math.max(this.scratchBytes.most, this.scratchBytes.used)
    return address
  }

  /** Reserves {@link scratch} for `shared` values and `own` more for each thread. */
  workspaceOf(shared: number, own = 0): number {
    return this.scratch(shared + this.kernels.threads * own)
  }

  /** Bytes of the arena and of scratch memory. */
  get activationBytes(): number {
    return this.plan.bytes + this.scratchBytes.most
  }

  /** Address of at least `count` zeros that nothing overwrites. */
  zerosFor(count: number): number {
    if (count > this.zeros.count) {
      this.zeros = { address: this.weights(count), count }
      this.kernels.floats(this.zeros.address, count).fill(0)
    }
    return this.zeros.address
  }

  /**
   * Address of a tensor's packed values, which take `bytes` bytes. {@link packConstants} packs a constant once, and its
   * original is not kept; any other tensor is packed in every run.
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

  /** Packs the constants that {@link packed} has promised. */
  async packConstants(): Promise<void> {
    await packWeights(this.kernels, this.unpacked.splice(0))
    for (const offer of this.offers.splice(0)) offer()
  }

  /** Loads the finished program into memory. */
  load(): LoadedProgram {
    return this.allocations.load(this.instructions, this.allocations.allocate(this.scratchBytes.most).address)
  }

  /** Address of a bias with room for `floats` values, since the tile reads whole panels. */
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
