import { encode, type Instruction, loadKernels } from '@residual/kernels-wasm'
import { byteSize, type Graph, layerName, macs } from '../graph.ts'
import { planArena } from '../memory-plan.ts'
import type { Build, Executable, StepTime } from '../program.ts'
import { sizeOf } from '../shape.ts'
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
      if (writer.instructions.length > first) steps.push(stepOf(node, writer.instructions.slice(first)))
    }
    // Neither tensors nor the writer are kept: they hold the weights as they were.
    const inputs = graph.inputs.map(node => writer.addressOf(node))
    const outputs = graph.outputs.map(node => ({
      address: writer.addressOf(node),
      size: sizeOf(node.shape),
      dtype: node.dtype,
    }))
    const program = allocations.load(writer.instructions)
    const write = (values: readonly Float32Array[]) =>
      inputs.forEach((address, i) => {
        kernels.floats(address, values[i].length).set(values[i])
      })
    const executable: Executable = {
      build: kernels.build,
      threads: kernels.threads,
      memory: {
        weights: writer.weightBytes,
        activations: writer.activationBytes,
        instructions: program.words * 4,
      },
      async run(values) {
        write(values)
        kernels.execute(program)
        return outputs.map(({ address, size, dtype }) =>
          dtype === 'i32' ? kernels.integers(address, size).slice() : kernels.floats(address, size).slice(),
        )
      },
      async profile(values) {
        write(values)
        let { address } = program
        return steps.map(({ words, ...step }) => {
          const start = performance.now()
          kernels.execute({ address, words })
          address += words * 4
          return { ...step, milliseconds: performance.now() - start }
        })
      },
      dispose() {
        forgotten.unregister(executable)
        allocations.release()
      },
    }
    forgotten.register(executable, allocations, executable)
    return executable
  } catch (error) {
    allocations.release()
    throw error
  }
}

/** The part of a program that computes one tensor. */
type Step = Omit<StepTime, 'milliseconds'> & { readonly words: number }

function stepOf(node: Tensor, instructions: readonly Instruction[]): Step {
  return {
    name: layerName(node),
    operation: node.op,
    kernel: [...new Set(instructions.map(({ op }) => op))].join(' + '),
    shape: node.shape,
    macs: macs(node),
    words: encode(instructions).length,
  }
}
