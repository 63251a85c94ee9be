import type { Graph } from '../graph/graph.ts'
import type { Values } from '../graph/operation.ts'
import type { Tensor } from '../graph/tensor.ts'
import { sizeOf } from '../shape.ts'

/** Bits of the numbers between operations; inside an operation, sums are always in double precision. */
export type Precision = 32 | 64

/** Computes one tensor from the values of its inputs. */
export function evaluateNode(node: Tensor, inputs: readonly Values[], precision: Precision = 32): Values {
  const size = sizeOf(node.shape)
  const floats = precision === 32 ? Float32Array : Float64Array
  const output: Values = {
    shape: node.shape,
    data: node.dtype === 'i32' ? new Int32Array(size) : new floats(size),
  }
  node.operation.reference(inputs, output, node.attributes)
  return output
}

/**
 * Computes a graph in plain TypeScript, one tensor after another. It is slow; tests compare the kernels with it.
 * @param leaves returns the values of an input or parameter
 * @param computed is called after every other tensor, with the time that it took
 * @returns the values of `graph.outputs`, in order
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
