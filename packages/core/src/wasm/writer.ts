import { type Instruction, type Kernels, type LoadedProgram, SCRATCH } from '@residual/kernels-wasm'
import type { State } from '../backend.ts'
import type { Tensor } from '../graph/tensor.ts'
import { type ArenaPlan, align, storageOf } from '../memory-plan.ts'
import type { StoredValues } from '../ops/constant.ts'
import { sizeOf } from '../shape.ts'
import type { Allocation, Allocations } from './allocations.ts'
import { type Order, type Preparation, prepareConstants } from './constants.ts'

/** Where a program's tensors lie while it is being written, and its instructions so far. */
export class ProgramWriter {
  readonly instructions: Instruction[] = []
  /** Addresses of constants and state. */
  private readonly lasting = new Map<Tensor, number>()
  private readonly arena: number
  private zeros = { address: 0, count: 0 }
  /** Bytes of scratch memory: of the operation at hand so far, and of the one that needs most. */
  private readonly scratchBytes = { used: 0, most: 0 }
  private readonly orders: Order[] = []
  /** Lets other programs share constants, once they are prepared. */
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
      const floats = sizeOf(storage.shape)
      address = this.weights(floats)
      this.kernels.floats(address, floats).set(storage.attributes.data)
      this.lasting.set(storage, address)
    }
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
   * Address of a tensor's values after a preparation, which needs them for `floats` values elsewhere: done once by
   * {@link prepareConstants} for a constant, whose original is not kept, and at every run for anything else.
   */
  prepared(tensor: Tensor, floats: number, preparation: Preparation): number {
    const storage = storageOf(tensor)
    if (storage.is('constant')) {
      this.weightBytes += floats * 4
      return this.preparedConstant({ floats: sizeOf(tensor.shape), stored: storedIn(storage), preparation }, floats * 4)
    }
    const target = this.scratch(floats)
    this.emit(...[preparation.run(this.addressOf(tensor), target)].flat())
    return target
  }

  private preparedConstant(order: Omit<Order, 'target'>, bytes: number): number {
    const { weights, scale } = order.stored
    if (weights instanceof Float32Array) return this.order(order, bytes).address
    const recipe = JSON.stringify([order.preparation.run(0, 0), bytes])
    const found = this.allocations.find(weights, recipe, scale)
    if (found) return found.address
    const target = this.order(order, bytes)
    this.offers.push(() => this.allocations.offer(weights, recipe, scale, target))
    return target.address
  }

  private order(order: Omit<Order, 'target'>, bytes: number): Allocation {
    const target = this.allocations.allocate(bytes)
    this.orders.push({ ...order, target: target.address })
    return target
  }

  /** Does what {@link prepared} put off. */
  async prepareConstants(): Promise<void> {
    await prepareConstants(this.kernels, this.orders.splice(0))
    for (const offer of this.offers.splice(0)) offer()
  }

  /** The program, in memory. */
  load(): LoadedProgram {
    return this.allocations.load(this.instructions, this.allocations.allocate(this.scratchBytes.most).address)
  }

  /** Address of a bias with room behind it, since the tile reads whole panels. */
  biasOf(tensor: Tensor, floats: number): number {
    const count = sizeOf(tensor.shape)
    return this.prepared(tensor, floats, { run: (input, output) => copyRow(input, output, count) })
  }
}

function storedIn({ attributes }: Tensor<'constant'>): StoredValues {
  return attributes.stored ?? { weights: attributes.data }
}

function copyRow(input: number, output: number, count: number): Instruction {
  const strides = [0, 0, 0, 0, 0, 1]
  return { op: 'copy', input, output, sizes: [1, 1, 1, 1, 1, count], inputStrides: strides, outputStrides: strides }
}
