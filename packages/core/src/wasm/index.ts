import { type Execute, type Instruction, type Kernels, type LoadedProgram, loadKernels } from '@residual/kernels-wasm'
import type { Backend, BackendOptions, Build, Executable, Routine, StepTime } from '../backend.ts'
import { byteSize, layerName, macs, traffic } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'
import { planArena } from '../memory-plan.ts'
import { type DType, sizeOf } from '../shape.ts'
import { Allocations } from './allocations.ts'
import { lowerNode, readsWeights } from './rules.ts'
import { schedule } from './schedule.ts'
import { ProgramWriter } from './writer.ts'

/** Frees the memory of executables that were dropped without being disposed of. */
const forgotten = new FinalizationRegistry<Allocations>(allocations => allocations.release())

/**
 * Turns a graph into a program in WebAssembly memory: constants packed for the kernels, an arena with a place for every
 * intermediate tensor, and the list of instructions.
 * @throws MemoryError if the program does not fit.
 */
async function prepare(routine: Routine, options: BackendOptions): Promise<Executable> {
  const kernels = await loadKernels(options)
  const allocations = new Allocations(kernels)
  try {
    const { graph, inPlace } = schedule(routine)
    const arena = planArena(graph, node => inPlace.has(node))
    const writer = new ProgramWriter(kernels, allocations, arena, routine.state, inPlace)
    const steps: Step[] = []
    for (const node of graph.nodes) {
      const first = writer.instructions.length
      writer.startOperation()
      // An empty tensor needs no computation, and kernels may assume extents of at least 1.
      if (byteSize(node) > 0) lowerNode(node, writer)
      if (writer.instructions.length > first) steps.push(stepOf(node, writer.instructions, first))
    }
    const results = graph.outputs.slice(0, graph.outputs.length - routine.state.length)
    routine.state.forEach(({ parameter }, i) => {
      writer.assign(parameter, graph.outputs[results.length + i])
    })
    await writer.packConstants()
    // The executable keeps neither tensors nor the writer, because they hold the unpacked weights.
    const executable = new WasmExecutable(
      kernels,
      allocations,
      writer.load(),
      steps,
      graph.inputs.map(node => writer.addressOf(node)),
      results.map(node => ({ address: writer.addressOf(node), size: sizeOf(node.shape), dtype: node.dtype })),
      routine.state.map(({ parameter }) => ({ address: writer.addressOf(parameter), size: sizeOf(parameter.shape) })),
      { weights: writer.weightBytes, activations: writer.activationBytes },
    )
    forgotten.register(executable, allocations, executable)
    return executable
  } catch (error) {
    allocations.release()
    throw error
  }
}

/** Runs the kernels of @residual/kernels-wasm. */
export const wasmBackend: Backend = { readsWeights, prepare }

/** Where some values are in memory, and how many. */
interface Place {
  readonly address: number
  readonly size: number
}

class WasmExecutable implements Executable {
  readonly memory: Executable['memory']
  /** The number of runs that have not ended. */
  private running = 0

  constructor(
    private readonly kernels: Kernels,
    private readonly allocations: Allocations,
    private readonly program: LoadedProgram,
    private readonly steps: readonly Step[],
    private readonly inputs: readonly number[],
    private readonly outputs: readonly (Place & { dtype: DType })[],
    private readonly state: readonly Place[],
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
    return this.inTurn(values, async execute => {
      await execute(this.program)
      return this.outputs.map(({ address, size, dtype }) =>
        (dtype === 'i32' ? this.kernels.integers(address, size) : this.kernels.floats(address, size)).slice(),
      )
    })
  }

  profile(values: readonly Float32Array[]): Promise<StepTime[]> {
    return this.inTurn(values, async execute => {
      const times: StepTime[] = []
      for (const { first, end, ...step } of this.steps) {
        const start = performance.now()
        await execute(this.program, first, end)
        times.push({ ...step, milliseconds: performance.now() - start })
      }
      return times
    })
  }

  read(): Promise<Float32Array[]> {
    return this.inTurn([], async () =>
      this.state.map(({ address, size }) => this.kernels.floats(address, size).slice()),
    )
  }

  write(values: readonly (Float32Array | undefined)[]): Promise<void> {
    const copies = values.map(array => array?.slice())
    return this.inTurn([], async () => {
      this.state.forEach(({ address, size }, i) => {
        if (copies[i]) this.kernels.floats(address, size).set(copies[i])
      })
    })
  }

  dispose(): void {
    forgotten.unregister(this)
    // Threads may still be writing to this memory.
    this.kernels.inTurn(async () => this.allocations.release())
  }

  /** Does `work` with the current values of the inputs, after earlier work has ended. */
  private inTurn<T>(values: readonly Float32Array[], work: (execute: Execute) => Promise<T>): Promise<T> {
    // Until then, an earlier run uses the input memory, and the caller may change the arrays.
    const copies = this.running > 0 ? values.map(array => array.slice()) : undefined
    if (!copies) this.fill(values)
    this.running++
    return this.kernels.inTurn(async execute => {
      try {
        if (copies) this.fill(copies)
        return await work(execute)
      } finally {
        this.running--
      }
    })
  }

  private fill(values: readonly Float32Array[]): void {
    values.forEach((array, i) => {
      this.kernels.floats(this.inputs[i], array.length).set(array)
    })
  }
}

/** The part of a program that computes one tensor: the instructions from `first` to before `end`. */
type Step = Omit<StepTime, 'milliseconds'> & { readonly first: number; readonly end: number }

function stepOf(node: Tensor, instructions: readonly Instruction[], first: number): Step {
  return {
    name: layerName(node),
    operation: node.op,
    kernel: [...new Set(instructions.slice(first).map(({ op }) => op))].join(' + '),
    shape: node.shape,
    macs: macs(node),
    bytes: traffic(node),
    first,
    end: instructions.length,
  }
}
