import { loadKernels } from '@residual/kernels-wasm'
import { byteSize, type Graph } from '../graph.ts'
import { planArena } from '../memory-plan.ts'
import type { Build, Executable } from '../program.ts'
import { sizeOf } from '../shape.ts'
import { ProgramMemory } from './memory.ts'
import { lowerNode } from './rules.ts'

export interface WasmOptions {
  readonly threads: number
  readonly build: 'auto' | Build
}

/** Frees the memory of executables that nobody disposed of. */
const forgotten = new FinalizationRegistry<ProgramMemory>(memory => memory.release())

/**
 * Turns a graph into a program in WebAssembly memory: constants packed as the kernels want them, every intermediate
 * at its place in one arena, and the list of instructions.
 * @throws MemoryError where it does not fit.
 */
export async function lowerToWasm(graph: Graph, options: WasmOptions): Promise<Executable> {
  const kernels = await loadKernels(options)
  const memory = new ProgramMemory(kernels, planArena(graph))
  try {
    for (const node of graph.nodes) {
      // Nothing to compute, and kernels may take extents for granted.
      if (byteSize(node) > 0) lowerNode(node, memory)
    }
    const { program, words } = memory.finish()
    const outputs = graph.outputs.map(node => ({ address: memory.addressOf(node), size: sizeOf(node.shape), node }))
    const inputs = graph.inputs.map(node => memory.addressOf(node))
    const executable: Executable = {
      build: kernels.build,
      threads: kernels.threads,
      memory: { weights: memory.weightBytes, activations: memory.activationBytes, instructions: words * 4 },
      async run(values) {
        inputs.forEach((address, i) => {
          kernels.floats(address, values[i].length).set(values[i])
        })
        kernels.execute(program)
        return outputs.map(({ address, size, node }) =>
          node.dtype === 'i32' ? kernels.integers(address, size).slice() : kernels.floats(address, size).slice(),
        )
      },
      dispose() {
        forgotten.unregister(executable)
        memory.release()
      },
    }
    forgotten.register(executable, memory, executable)
    return executable
  } catch (error) {
    memory.release()
    throw error
  }
}
