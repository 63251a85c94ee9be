import { type Instruction, type Kernels, type LoadedProgram, loadKernels } from '@residual/kernels-wasm'
import { byteSize, type Graph, layerName, macs } from '../graph.ts'
import { planArena } from '../memory-plan.ts'
import type { Build, Executable, StepTime } from '../program.ts'
import { type DType, sizeOf } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { lowerNode } from './rules.ts'
import { Allocations, ProgramWriter } from './writer.ts'

export interface WasmOptions {
  readonly threads: number
  readonly build: 'auto' | Build
}

/** Frees the memory of executables that nobody disposed of. */
const forgotten = new FinalizationRegistry<Allocations>(allocations => allocations.release())

/**
 * Turns a graph into a program in WebAssembly memory: constants packed as the kernels want them, every intermediate
 * at its place in one arena, and the list of instructions.
 * @throws MemoryError where it does not fit.
 */
export async function lowerToWasm(graph: Graph, options: WasmOptions): Promise<Executable> {
  const kernels = await loadKernels(options)
  const allocations = new Allocations(kernels)
  try {
    const writer = new ProgramWriter(kernels, allocations, planArena(graph))
    const steps: Step[] = []
    for (const node of graph.nodes) {
      const first = writer.instructions.length
      // Nothing to compute, and kernels may take extents for granted.
      if (byteSize(node) > 0) lowerNode(node, writer)
      if (writer.instructions.length > first) steps.push(stepOf(node, writer.instructions, first))
    }
    await writer.prepareConstants()
    // Neither tensors nor the writer are kept: they hold the weights as they were.
    const executable = new WasmExecutable(
      kernels,
      allocations,
      allocations.load(writer.instructions),
      steps,
      graph.inputs.map(node => writer.addressOf(node)),
      graph.outputs.map(node => ({ address: writer.addressOf(node), size: sizeOf(node.shape), dtype: node.dtype })),
      { weights: writer.weightBytes, activations: writer.activationBytes },
    )
    forgotten.register(executable, allocations, executable)
    return executable
  } catch (error) {
    allocations.release()
    throw error
  }
}

/** Its runs follow one another, as they use the same memory. */
class WasmExecutable implements Executable {
  readonly memory: Executable['memory']
  /** Runs that have not ended, and the end of the last one. */
  private running = 0
  private last: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly kernels: Kernels,
    private readonly allocations: Allocations,
    private readonly program: LoadedProgram,
    private readonly steps: readonly Step[],
    private readonly inputs: readonly number[],
    private readonly outputs: readonly { address: number; size: number; dtype: DType }[],
    memory: { weights: number; activations: number },
  ) {
    this.memory = { ...memory, instructions: program.bytes }
  }

  get build(): Build {
    return this.kernels.build
  }

  get threads(): number {
    return this.kernels.threads
  }

  run(values: readonly Float32Array[]): Promise<(Float32Array | Int32Array)[]> {
    return this.inTurn(values, async () => {
      await this.kernels.execute(this.program)
      return this.outputs.map(({ address, size, dtype }) =>
        (dtype === 'i32' ? this.kernels.integers(address, size) : this.kernels.floats(address, size)).slice(),
      )
    })
  }

  profile(values: readonly Float32Array[]): Promise<StepTime[]> {
    return this.inTurn(values, async () => {
      const times: StepTime[] = []
      for (const { first, end, ...step } of this.steps) {
        const start = performance.now()
        await this.kernels.execute(this.program, first, end)
        times.push({ ...step, milliseconds: performance.now() - start })
      }
      return times
    })
  }

  dispose(): void {
    forgotten.unregister(this)
    // Threads may still be writing there.
    this.last.then(() => this.allocations.release())
  }

  /** Does `work` with inputs as they are now, once earlier work has ended. */
  private inTurn<T>(values: readonly Float32Array[], work: () => Promise<T>): Promise<T> {
    // Their place is in use until then, and the caller may change them.
    const copies = this.running > 0 ? values.map(array => array.slice()) : undefined
    if (!copies) this.write(values)
    this.running++
    const turn = this.last.then(async () => {
      try {
        if (copies) this.write(copies)
        return await work()
      } finally {
        this.running--
      }
    })
    this.last = turn.catch(() => {})
    return turn
  }

  private write(values: readonly Float32Array[]): void {
    this.inputs.forEach((address, i) => {
      this.kernels.floats(address, values[i].length).set(values[i])
    })
  }
}

/** The part of a program that computes one tensor: instructions from `first` to before `end`. */
type Step = Omit<StepTime, 'milliseconds'> & { readonly first: number; readonly end: number }

function stepOf(node: Tensor, instructions: readonly Instruction[], first: number): Step {
  return {
    name: layerName(node),
    operation: node.op,
    kernel: [...new Set(instructions.slice(first).map(({ op }) => op))].join(' + '),
    shape: node.shape,
    macs: macs(node),
    first,
    end: instructions.length,
  }
}
