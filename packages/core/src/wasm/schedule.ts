import type { Routine } from '../backend.ts'
import { byteSize, type Graph, graphOf, sort } from '../graph/graph.ts'
import type { Tensor } from '../graph/tensor.ts'
import { storageOf } from '../memory-plan.ts'
import { weightedSum } from '../ops/weighted-sum.ts'
import { sameShape } from '../shape.ts'

/** A graph with its nodes in the order in which they run. */
export interface Schedule {
  readonly graph: Graph
  /** Updates that overwrite their parameter directly, because nothing reads its old value any more. */
  readonly inPlace: ReadonlyMap<Tensor, Tensor>
}

/**
 * Puts the nodes of a routine in order. Without state, the order of the graph stays. With state, gradients come in the
 * order in which back-propagation reaches their parameters, so that activations are freed on the way. Parameters are
 * updated in place as soon as nothing needs their old value, so that gradients are freed too.
 */
export function schedule({ graph: given, state }: Routine): Schedule {
  if (state.length === 0) return { graph: given, inPlace: new Map() }
  const results = given.outputs.length - state.length
  const parameters = state.map(({ parameter }) => parameter)
  // Results are read after the updates, and an update must not share its memory with another tensor.
  const outputs = given.outputs.map((output, i) => {
    const storage = storageOf(output)
    const isLeaf = i < results ? storage.is('parameter') : storage.inputs.length === 0
    return isLeaf ? weightedSum([output], [1]) : output
  })
  const graph = graphOf(outputs)
  const readers = readersOf(graph, new Set(parameters))
  const updates = parameters.map((parameter, i) => ({ parameter, value: outputs[results + i] }))
  const tail = tailOf(graph, updates)
  const { inPlace, after } = overwriting(updates, readers, tail)
  const dependencies = (node: Tensor) => [...node.inputs, ...(after.get(node) ?? [])]
  const position = new Map(graph.nodes.map((node, i) => [node, i]))
  const firstRead = ({ parameter }: Update) => position.get(readers.get(parameter)![0] ?? parameter) ?? 0
  const roots = [...updates].sort((a, b) => firstRead(b) - firstRead(a)).map(({ value }) => value)
  const sorted = sort([...outputs.slice(0, results), ...roots], dependencies)
  const gradients = gradientsOf(sorted, tail)
  const backbone = sort([...outputs.slice(0, results), ...roots.flatMap(value => gradients.get(value) ?? [])])
  return { graph: { ...graph, nodes: hastened(backbone, sorted, inPlace, dependencies) }, inPlace }
}

interface Update {
  readonly parameter: Tensor
  readonly value: Tensor
}

/** The nodes that read each parameter, directly or reshaped, in the order of the graph. */
function readersOf(graph: Graph, parameters: ReadonlySet<Tensor>): Map<Tensor, Tensor[]> {
  const readers = new Map<Tensor, Tensor[]>([...parameters].map(parameter => [parameter, []]))
  for (const node of graph.nodes) {
    if (node.operation.traits.storage === 'view') continue
    for (const storage of new Set(node.inputs.map(storageOf))) readers.get(storage)?.push(node)
  }
  return readers
}

/** Chooses the updates that can be written in place, and returns the nodes that must run before each of them. */
function overwriting(
  updates: readonly Update[],
  readers: ReadonlyMap<Tensor, readonly Tensor[]>,
  tail: ReadonlySet<Tensor>,
): { inPlace: Map<Tensor, Tensor>; after: Map<Tensor, readonly Tensor[]> } {
  const inPlace = new Map<Tensor, Tensor>()
  const after = new Map<Tensor, readonly Tensor[]>()
  for (const { parameter, value } of updates) {
    if (!tail.has(value) || inPlace.has(value) || !readsElementByElement(value, parameter)) continue
    const others = readers.get(parameter)!.filter(reader => reader !== value)
    if (others.some(reader => comesAfter(reader, value, tail, after))) continue
    inPlace.set(value, parameter)
    after.set(value, others)
  }
  return { inPlace, after }
}

/** The updates, and the nodes that only updates need. */
function tailOf(graph: Graph, updates: readonly Update[]): Set<Tensor> {
  const values = new Set(updates.map(({ value }) => value))
  const uses = new Map<Tensor, Tensor[]>(graph.nodes.map(node => [node, []]))
  for (const node of graph.nodes) for (const tensor of node.inputs) uses.get(tensor)!.push(node)
  const results = new Set(graph.outputs.slice(0, graph.outputs.length - updates.length))
  const tail = new Set<Tensor>()
  for (const node of [...graph.nodes].reverse()) {
    const isCandidate = values.has(node) || uses.get(node)!.length > 0
    if (isCandidate && !results.has(node) && isElementwise(node) && uses.get(node)!.every(use => tail.has(use))) {
      tail.add(node)
    }
  }
  return tail
}

function isElementwise({ operation }: Tensor): boolean {
  return operation.traits.elementwise.length > 0
}

/** Whether element i of the value needs only element i of the parameter. */
function readsElementByElement({ inputs, operation, shape }: Tensor, parameter: Tensor): boolean {
  const { elementwise } = operation.traits
  return (
    inputs.includes(parameter) &&
    inputs.every(
      (tensor, i) => storageOf(tensor) !== parameter || (elementwise.includes(i) && sameShape(tensor.shape, shape)),
    )
  )
}

/** Whether `node`, which is in the tail or does not depend on `value`, has to run after `value`. */
function comesAfter(
  node: Tensor,
  value: Tensor,
  tail: ReadonlySet<Tensor>,
  after: ReadonlyMap<Tensor, readonly Tensor[]>,
): boolean {
  const seen = new Set<Tensor>()
  const stack = [node]
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (next === value) return true
    if (seen.has(next) || !tail.has(next)) continue
    seen.add(next)
    stack.push(...next.inputs, ...(after.get(next) ?? []))
  }
  return false
}

/**
 * The gradient that each update is computed from. Of the tensors that feed an update through the tail, it is the
 * largest that is not a leaf, which excludes the coefficients.
 */
function gradientsOf(sorted: readonly Tensor[], tail: ReadonlySet<Tensor>): Map<Tensor, Tensor> {
  const gradients = new Map<Tensor, Tensor>()
  for (const node of sorted) {
    const candidates = tail.has(node) ? node.inputs.map(tensor => gradients.get(tensor)) : [node]
    for (const tensor of candidates) {
      const known = gradients.get(node)
      if (tensor && tensor.inputs.length > 0 && (!known || byteSize(tensor) > byteSize(known)))
        gradients.set(node, tensor)
    }
  }
  return gradients
}

/**
 * Puts each update right after the last node that it needs. The updates of a parameter then follow its gradient, whose
 * memory is free before the next gradient needs some.
 * @param backbone results and gradients, with all their dependencies
 * @param sorted all nodes
 */
function hastened(
  backbone: readonly Tensor[],
  sorted: readonly Tensor[],
  inPlace: ReadonlyMap<Tensor, Tensor>,
  dependencies: (node: Tensor) => readonly Tensor[],
): Tensor[] {
  /** The index of the last backbone node that each node needs; -1 for leaves, which exist from the start. */
  const last = new Map(backbone.map((node, i) => [node, node.inputs.length === 0 ? -1 : i]))
  const ready = new Map<number, Tensor[]>()
  for (const node of sorted) {
    if (last.has(node)) continue
    const at = Math.max(-1, ...dependencies(node).map(tensor => last.get(tensor)!))
    last.set(node, at)
    if (inPlace.has(node)) ready.set(at, [...(ready.get(at) ?? []), node])
  }
  const order = backbone.flatMap((node, i) => [node, ...(ready.get(i) ?? [])])
  return sort([...(ready.get(-1) ?? []), ...order, ...sorted], dependencies)
}
