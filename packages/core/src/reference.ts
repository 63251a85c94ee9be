import { byteSize, type Graph, layerName, macs, traffic } from './graph.ts'
import { constant, isToBeRead } from './ops/constant.ts'
import { operationOf } from './ops/index.ts'
import type { Values } from './ops/operation.ts'
import { rewrite } from './passes/rewrite.ts'
import type { Backend, StepTime } from './program.ts'
import { sizeOf } from './shape.ts'
import type { Tensor } from './tensor.ts'
import { readFloat32 } from './weights/index.ts'

/** Bits of the numbers between operations; inside of them sums are always in double precision. */
export type Precision = 32 | 64

/** Computes one tensor from the values of its inputs. */
export function evaluateNode(node: Tensor, inputs: readonly Values[], precision: Precision = 32): Values {
  const size = sizeOf(node.shape)
  const floats = precision === 32 ? Float32Array : Float64Array
  const output: Values = {
    shape: node.shape,
    data: node.dtype === 'i32' ? new Int32Array(size) : new floats(size),
  }
  operationOf(node.op).reference(inputs, output, node.attributes)
  return output
}

/**
 * Computes a graph in plain TypeScript, one tensor after another: slow, and what the kernels are tested against.
 * @param leaves values of the inputs and parameters
 * @param computed told of every other tensor and the time it took
 * @returns values of `graph.outputs`, in order
 */
export function evaluate(
  graph: Graph,
  leaves: (leaf: Tensor<'input' | 'parameter'>) => Float32Array | Float64Array,
  computed: (node: Tensor, milliseconds: number) => void = () => {},
  precision: Precision = 32,
): Values[] {
  const values = new Map<Tensor, Values>()
  for (const node of graph.nodes) {
    if (node.is('input') || node.is('parameter')) {
      values.set(node, { shape: node.shape, data: leaves(node) })
      continue
    }
    const start = performance.now()
    values.set(
      node,
      evaluateNode(
        node,
        node.inputs.map(tensor => values.get(tensor)!),
        precision,
      ),
    )
    computed(node, performance.now() - start)
  }
  return graph.outputs.map(output => values.get(output)!)
}

/** The backend that needs no WebAssembly. It is slow: for tests, and for looking at how something is computed. */
export const referenceBackend: Backend = async ({ graph: written, state }) => {
  const graph = await withValues(written)
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
        if (node.is('constant') || node.is('reshape')) return
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

/** The same graph with values in the place of weights that have to be read. */
async function withValues(graph: Graph): Promise<Graph> {
  const read = new Map<Tensor, Tensor>()
  for (const node of graph.nodes) {
    if (!isToBeRead(node)) continue
    const { weight, name } = node.attributes
    read.set(node, constant(await readFloat32(weight), node.shape, name))
  }
  return read.size === 0 ? graph : rewrite(graph, node => read.get(node) ?? node)
}

function isWeight(node: Tensor): boolean {
  return node.is('constant') || node.is('parameter')
}

function bytesOf(graph: Graph, isCounted: (node: Tensor) => boolean): number {
  return graph.nodes.reduce((sum, node) => sum + (isCounted(node) ? byteSize(node) : 0), 0)
}
