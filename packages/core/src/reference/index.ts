import type { Backend, Executable, Routine, StepTime } from '../backend.ts'
import { byteSize, type Graph, layerName, macs, traffic } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'
import { evaluate } from './evaluate.ts'

/** The backend that needs no WebAssembly. It is slow; use it for tests, and to see how something is computed. */
export const referenceBackend: Backend = { readsWeights: () => false, prepare }

async function prepare({ graph, state }: Routine): Promise<Executable> {
  const values = new Map<Tensor, Float32Array>(state.map(({ parameter, initial }) => [parameter, initial.slice()]))
  const results = graph.outputs.length - state.length
  const run = (inputs: readonly Float32Array[], computed?: Parameters<typeof evaluate>[2]) => {
    graph.inputs.forEach((node, i) => {
      values.set(node, inputs[i])
    })
    const outputs = evaluate(graph, leaf => values.get(leaf)!, computed)
    const copies = outputs.map(({ data }) => data.slice() as Float32Array | Int32Array)
    state.forEach(({ parameter }, i) => {
      values.set(parameter, copies[results + i] as Float32Array)
    })
    return copies.slice(0, results)
  }
  return {
    build: 'reference',
    threads: 1,
    memory: {
      weights: bytesOf(graph, isWeight),
      activations: bytesOf(graph, node => !isWeight(node)),
      instructions: 0,
    },
    async run(inputs) {
      return run(inputs)
    },
    async profile(inputs) {
      const steps: StepTime[] = []
      run(inputs, (node, milliseconds) => {
        if (node.operation.traits.storage !== 'computed') return
        const { op: operation, shape } = node
        const [name, kernel] = [layerName(node), 'reference']
        steps.push({ name, operation, kernel, shape, macs: macs(node), bytes: traffic(node), milliseconds })
      })
      return steps
    },
    async read() {
      return state.map(({ parameter }) => values.get(parameter)!.slice())
    },
    async write(given) {
      state.forEach(({ parameter }, i) => {
        if (given[i]) values.set(parameter, given[i].slice())
      })
    },
    dispose() {},
  }
}

function isWeight(node: Tensor): boolean {
  return node.operation.traits.storage === 'lasting'
}

function bytesOf(graph: Graph, isCounted: (node: Tensor) => boolean): number {
  return graph.nodes.reduce((sum, node) => sum + (isCounted(node) ? byteSize(node) : 0), 0)
}
