import { ParameterError, ShapeError } from '../errors.ts'
import { sizeOf } from '../shape.ts'
import type { Tensor } from './tensor.ts'

/** Some outputs and all tensors that they depend on. */
export interface Graph {
  /** Every tensor once, after the tensors that it is computed from. */
  readonly nodes: readonly Tensor[]
  /** As given; a tensor may occur twice. */
  readonly outputs: readonly Tensor[]
  readonly inputs: readonly Tensor<'input'>[]
  readonly parameters: readonly Tensor<'parameter'>[]
}

/**
 * Collects everything that `outputs` depend on.
 * @throws ShapeError when two inputs have the same name, ParameterError when two parameters do.
 */
export function graphOf(outputs: readonly Tensor[]): Graph {
  const nodes = sort(outputs)
  const inputs = nodes.filter(node => node.is('input'))
  const parameters = nodes.filter(node => node.is('parameter'))
  const twiceInput = firstRepeated(inputs.map(node => node.attributes.name))
  if (twiceInput !== undefined) {
    throw new ShapeError(`graph: got two inputs named '${twiceInput}', wanted different names`)
  }
  const twiceParameter = firstRepeated(parameters.map(node => node.attributes.name))
  if (twiceParameter !== undefined) {
    throw new ParameterError(
      `graph: got two parameters named '${twiceParameter}', wanted different names (use one tensor twice to share weights)`,
    )
  }
  return { nodes, outputs, inputs, parameters }
}

/**
 * Everything that `outputs` depend on, each tensor after its own dependencies. The search is depth-first and keeps its
 * own stack, because networks of thousands of layers overflow the engine's.
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

/** Multiply-accumulates needed to compute this one tensor from its inputs. */
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
 * The layer that a tensor of an optimized graph belongs to: the name of its weight without `.weight`, or an empty
 * string if it has no weight.
 */
export function layerName(node: Tensor): string {
  const names = node.inputs.map(tensor =>
    tensor.is('constant') || tensor.is('parameter') ? tensor.attributes.name : undefined,
  )
  return names.find(name => name !== undefined)?.replace(/\.weight$/, '') ?? ''
}

/** Bytes that the values of this tensor take; both element types take four. */
export function byteSize(node: Tensor): number {
  return 4 * sizeOf(node.shape)
}

/** The fewest bytes that computing this tensor can read and write: all inputs and the output, each once. */
export function traffic(node: Tensor): number {
  return [...new Set(node.inputs)].reduce((sum, tensor) => sum + byteSize(tensor), byteSize(node))
}
