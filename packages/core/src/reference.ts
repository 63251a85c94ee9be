import { byteSize, type Graph, layerName, macs } from './graph.ts'
import { operationOf } from './ops/index.ts'
import type { Values } from './ops/operation.ts'
import type { Backend, StepTime } from './program.ts'
import { sizeOf } from './shape.ts'
import type { Tensor } from './tensor.ts'

/** Computes one tensor from the values of its inputs. */
export function evaluateNode(node: Tensor, inputs: readonly Values[]): Values {
  const size = sizeOf(node.shape)
  const output: Values = {
    shape: node.shape,
    data: node.dtype === 'i32' ? new Int32Array(size) : new Float32Array(size),
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
  leaves: (leaf: Tensor<'input' | 'parameter'>) => Float32Array,
  computed: (node: Tensor, milliseconds: number) => void = () => {},
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
      ),
    )
    computed(node, performance.now() - start)
  }
  return graph.outputs.map(output => values.get(output)!)
}

/** The backend that needs no WebAssembly. It is slow: for tests, and for looking at how something is computed. */
export const referenceBackend: Backend = async graph => ({
  build: 'reference',
  threads: 1,
  memory: {
    weights: bytesOf(graph, node => node.is('constant')),
    activations: bytesOf(graph, node => !node.is('constant')),
    instructions: 0,
  },
  async run(inputs) {
    const given = new Map<Tensor, Float32Array>(graph.inputs.map((node, i) => [node, inputs[i]]))
    return evaluate(graph, leaf => given.get(leaf)!).map(({ data }) => data.slice() as Float32Array | Int32Array)
  },
  async profile(inputs) {
    const given = new Map<Tensor, Float32Array>(graph.inputs.map((node, i) => [node, inputs[i]]))
    const steps: StepTime[] = []
    evaluate(
      graph,
      leaf => given.get(leaf)!,
      (node, milliseconds) => {
        if (node.is('constant') || node.is('reshape')) return
        const { op: operation, shape } = node
        steps.push({ name: layerName(node), operation, kernel: 'reference', shape, macs: macs(node), milliseconds })
      },
    )
    return steps
  },
  dispose() {},
})

function bytesOf(graph: Graph, isCounted: (node: Tensor) => boolean): number {
  return graph.nodes.reduce((sum, node) => sum + (isCounted(node) ? byteSize(node) : 0), 0)
}
