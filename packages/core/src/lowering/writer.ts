import type { Instruction, Kernels, LoadedProgram } from '@residual/kernels-wasm'
import { byteSize } from '../graph.ts'
import { type ArenaPlan, storageOf } from '../memory-plan.ts'
import type { State } from '../program.ts'
import { sizeOf } from '../shape.ts'
import type { Tensor } from '../tensor.ts'

/** The WebAssembly memory of one program: all that stays once it is written. */
export class Allocations {
  private readonly list: { address: number; bytes: number }[] = []
  private program: LoadedProgram | undefined

  constructor(private readonly kernels: Kernels) {}

  allocate(bytes: number): number {
    const address = this.kernels.allocate(bytes)
    this.list.push({ address, bytes })
    return address
  }

  load(instructions: readonly Instruction[]): LoadedProgram {
    this.program = this.kernels.load(instructions)
    return this.program
  }

  release(): void {
    for (const { address, bytes } of this.list.splice(0)) this.kernels.release(address, bytes)
    if (this.program) this.kernels.unload(this.program)
    this.program = undefined
  }
}

/** What reads values at `source` and writes to `target`. */
type Prepare = (source: number, target: number) => Instruction | readonly Instruction[]

/** Bytes of constants that are in memory at a time only to be prepared, at least one of them. */
const ORIGINALS = 1 << 24

/** Where a program's tensors lie while it is being written, and its instructions so far. */
export class ProgramWriter {
  readonly instructions: Instruction[] = []
  /** Addresses of constants and state. */
  private readonly lasting = new Map<Tensor, number>()
  private readonly arena: number
  private zeros = { address: 0, count: 0 }
  private workspace = { address: 0, floats: 0 }
  private readonly preparations: { original: Tensor<'constant'>; target: number; prepare: Prepare }[] = []
  /** Bytes of constants, packed ones included. */
  weightBytes = 0
  /** Bytes of the arena and of what single instructions need besides. */
  activationBytes = 0

  constructor(
    private readonly kernels: Kernels,
    private readonly allocations: Allocations,
    private readonly plan: ArenaPlan,
    state: readonly State[] = [],
    /** Updates that are written over the parameter they are for. */
    private readonly inPlace: ReadonlyMap<Tensor, Tensor> = new Map(),
  ) {
    this.arena = allocations.allocate(plan.bytes)
    this.activationBytes = plan.bytes
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
      writeConstant(storage, this.kernels.floats(address, floats))
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
    const address = this.allocations.allocate(floats * 4)
    this.weightBytes += floats * 4
    return address
  }

  /** Room for `floats` values that one instruction writes and the next ones read. */
  scratch(floats: number): number {
    this.activationBytes += floats * 4
    return this.allocations.allocate(floats * 4)
  }

  /**
   * Room for at least `shared` values and `own` more for each thread, which mean nothing before and after one
   * operation; all operations share it.
   */
  workspaceOf(shared: number, own = 0): number {
    const floats = shared + this.kernels.threads * own
    if (floats > this.workspace.floats) this.workspace = { address: this.scratch(floats), floats }
    return this.workspace.address
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
   * Address of a tensor's values after `prepare`, which needs them for `floats` values elsewhere: done once by
   * {@link prepareConstants} for a constant, whose original is not kept, and at every run for anything else.
   */
  prepared(tensor: Tensor, floats: number, prepare: Prepare): number {
    const storage = storageOf(tensor)
    const isConstant = storage.is('constant')
    if (isConstant) {
      const target = this.weights(floats)
      this.preparations.push({ original: storage, target, prepare })
      return target
    }
    const target = this.scratch(floats)
    this.emit(...[prepare(this.addressOf(tensor), target)].flat())
    return target
  }

  /** Does what {@link prepared} put off. */
  async prepareConstants(): Promise<void> {
    while (this.preparations.length > 0) {
      // Many at a time, since they are small, but not all, since their originals take as much memory as the results.
      let bytes = 0
      let count = 0
      while (count < this.preparations.length && (count === 0 || bytes < ORIGINALS)) {
        bytes += byteSize(this.preparations[count++].original)
      }
      const originals = this.kernels.allocate(bytes)
      try {
        let source = originals
        const instructions = this.preparations.splice(0, count).flatMap(({ original, target, prepare }) => {
          const instruction = prepare(source, target)
          writeConstant(original, this.kernels.floats(source, sizeOf(original.shape)))
          source += byteSize(original)
          return instruction
        })
        await this.kernels.executeOnce(instructions)
      } finally {
        this.kernels.release(originals, bytes)
      }
    }
  }

  /** Address of a bias with room behind it, since the tile reads whole panels. */
  biasOf(tensor: Tensor, floats: number): number {
    const count = sizeOf(tensor.shape)
    return this.prepared(tensor, floats, (input, output) => copyRow(input, output, count))
  }
}

function writeConstant({ attributes }: Tensor<'constant'>, target: Float32Array): void {
  if (attributes.write) attributes.write(target)
  else target.set(attributes.data)
}

function copyRow(input: number, output: number, count: number): Instruction {
  const strides = [0, 0, 0, 0, 0, 1]
  return { op: 'copy', input, output, sizes: [1, 1, 1, 1, 1, count], inputStrides: strides, outputStrides: strides }
}
