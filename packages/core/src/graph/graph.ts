import { ParameterError, ShapeError } from '../errors.ts'
import { sizeOf } from '../shape.ts'
import type { Tensor } from './tensor.ts'

/** The tensors that some outputs depend on. */
export interface Graph {
  /** Every tensor once, after those it is computed from. */
  readonly nodes: readonly Tensor[]
  /** As given; the same tensor may be there twice. */
  readonly outputs: readonly Tensor[]
  readonly inputs: readonly Tensor<'input'>[]
  readonly parameters: readonly Tensor<'parameter'>[]
}

/**
 * Collects everything that `outputs` depend on.
 * @throws ShapeError when two inputs have one name, ParameterError when two parameters have.
 */
export function graphOf(outputs: readonly Tensor[]): Graph {
  const nodes = sort(outputs)
  const inputs = nodes.filter(node => node.is('input'))
  const parameters = nodes.filter(node => node.is('parameter'))
  const twiceInput = firstRepeated(inputs.map(node => node.attributes.name))
  if (twiceInput !== undefined) {
    throw new ShapeError(`graph: got two inputs named '${twiceInput}', wanted a name for each`)
  }
  const twiceParameter = firstRepeated(parameters.map(node => node.attributes.name))
  if (twiceParameter !== undefined) {
    throw new ParameterError(
      `graph: got two parameters named '${twiceParameter}', wanted a name for each (use one tensor twice to share weights)`,
    )
  }
  return { nodes, outputs, inputs, parameters }
}

/**
 * All that `outputs` depend on, each after what it depends on itself. Depth first, on a stack of its own because
 * networks of thousands of layers overflow the engine's.
 */
export function sort(
  outputs: readonly Tensor[],
  dependencies: (node: Tensor) => readonly Tensor[] = node => node.inputs,
): Tensor[] {
  const sorted = new Set<Tensor>()
  for (const output of outputs) {
    const stack = [{ node: output, before: dependencies(output), next: 0 }]
    while (stack.length > 0) {
      const top = stack[stack.length - 1]
      if (sorted.has(top.node) || top.next === top.before.length) {
        sorted.add(top.node)
        stack.pop()
      } else {
        const node = top.before[top.next++]
        stack.push({ node, before: dependencies(node), next: 0 })
      }
    }
  }
  return [...sorted]
}

function firstRepeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>()
  return names.find(name => seen.size === seen.add(name).size)
}

/** Multiply-accumulates that computing this one tensor from its inputs takes. */
export function macs(node: Tensor): number {
  return node.operation.macs(
    node.inputs.map(tensor => tensor.shape),
    node.shape,
    node.attributes,
  )
}

/** Number of trainable weights. */
export function parameterCount({ parameters }: Graph): number {
  return parameters.reduce((sum, node) => sum + (node.attributes.trainable ? sizeOf(node.shape) : 0), 0)
}

/**
 * The layer that a tensor of an optimized graph belongs to, by the name of its weight without `.weight`; empty where
 * it has none.
 */
export function layerName(node: Tensor): string {
  const names = node.inputs.map(tensor =>
    tensor.is('constant') || tensor.is('parameter') ? tensor.attributes.name : undefined,
  )
  return names.find(name => name !== undefined)?.replace(/\.weight$/, '') ?? ''
}

/** Bytes that the values of this tensor take; both element types have four. */
export function byteSize(node: Tensor): number {
  return 4 * sizeOf(node.shape)
}

/** Bytes that computing this tensor has to read and write at least: all inputs and the output. */
export function traffic(node: Tensor): number {
  return [...new Set(node.inputs)].reduce((sum, tensor) => sum + byteSize(tensor), byteSize(node))
}
