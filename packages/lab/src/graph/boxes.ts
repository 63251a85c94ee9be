import type { Graph, Tensor } from '@residual/core'
import { type GraphLayer, layersOf } from '@residual/resnet'
import { epilogueOf, type Kind, kindOf, linesOf, tailOf } from './kinds.ts'
import { type ReceptiveField, receptiveFields } from './receptive-field.ts'

/** One box of a drawing: a layer with the layers that only process its output, such as its batch norm and its ReLU. */
export interface Box {
  /** Position among the boxes, in the order of the computation. */
  readonly id: number
  /** Name of its first layer, as `summarize` calls it, or of the input. */
  readonly name: string
  readonly kind: Kind
  /** The text in the box. */
  readonly lines: readonly string[]
  /** The layers in the box; an input has none. */
  readonly layers: readonly GraphLayer[]
  /** The boxes that it reads, by `id`; each once. */
  readonly inputs: readonly number[]
  /** Path of the part of the network it belongs to; see {@link GraphLayer}. */
  readonly scope: string
  /** Shape of its output. */
  readonly output: readonly number[]
  /** Trainable parameters. */
  readonly params: number
  /** Multiply-accumulates. */
  readonly macs: number
  readonly receptiveField: ReceptiveField | undefined
  /** Convolutions and matrix products on the longest path from the input through this box, and on the shortest. */
  readonly depth: { readonly longest: number; readonly shortest: number }
}

/** The kinds of layers that a box may take in, by its kind so far. */
const TAKES_IN: Readonly<Partial<Record<Kind, readonly Kind[]>>> = {
  convolution: ['normalisation', 'activation'],
  normalisation: ['activation'],
  linear: ['activation'],
  sum: ['activation'],
  shape: ['shape'],
}

/** Joins the layers of a graph into boxes, using only the graph. */
export function boxesOf(graph: Graph): Box[] {
  const fields = receptiveFields(graph)
  const uses = usesOf(graph)
  const boxes: Box[] = []
  /** The id of the box that computes each tensor. */
  const giver = new Map<Tensor, number>()
  const add = (box: Omit<Box, 'id'>, output: Tensor): void => {
    giver.set(output, boxes.length)
    boxes.push({ ...box, id: boxes.length })
  }
  for (const node of graph.inputs)
    add({ ...described(node, [], fields), inputs: [], depth: { longest: 0, shortest: 0 } }, node)
  for (const layer of layersOf(graph)) {
    const last = layer.nodes[layer.nodes.length - 1]
    const sources = [...new Set(layer.nodes.flatMap(node => node.inputs))].filter(tensor => giver.has(tensor))
    const into = sources.length === 1 && uses.get(sources[0]) === 1 ? boxes[giver.get(sources[0])!] : undefined
    if (into && takesIn(into, layer)) {
      boxes[into.id] = { ...into, ...described(last, [...into.layers, layer], fields) }
      giver.set(last, into.id)
    } else {
      const inputs = [...new Set(sources.map(tensor => giver.get(tensor)!))]
      add(
        {
          ...described(last, [layer], fields),
          inputs,
          depth: depthOf(
            layer,
            inputs.map(id => boxes[id]),
          ),
        },
        last,
      )
    }
  }
  return boxes
}

function depthOf({ nodes }: GraphLayer, inputs: readonly Box[]): Box['depth'] {
  const own = nodes.some(node => node.is('conv2d') || node.is('matmul')) ? 1 : 0
  if (inputs.length === 0) return { longest: own, shortest: own }
  return {
    longest: own + Math.max(...inputs.map(({ depth }) => depth.longest)),
    shortest: own + Math.min(...inputs.map(({ depth }) => depth.shortest)),
  }
}

/** How many nodes read each tensor; being an output of the graph counts as a use. */
function usesOf(graph: Graph): Map<Tensor, number> {
  const uses = new Map<Tensor, number>()
  const count = (tensor: Tensor) => uses.set(tensor, (uses.get(tensor) ?? 0) + 1)
  for (const node of graph.nodes) node.inputs.forEach(count)
  graph.outputs.forEach(count)
  return uses
}

function takesIn(box: Box, layer: GraphLayer): boolean {
  const kinds = box.layers.map(({ nodes }) => kindOf(nodes[0]))
  const next = kindOf(layer.nodes[0])
  // A second batch norm or ReLU gets a box of its own, and so does anything after a ReLU.
  const follows = kinds.length > 0 && !kinds.slice(1).includes(next) && kinds[kinds.length - 1] !== 'activation'
  return follows && box.scope === layer.scope && (TAKES_IN[kinds[0]]?.includes(next) ?? false)
}

/** Everything that follows from the layers of a box; an input is a node without layers. */
function described(last: Tensor, layers: readonly GraphLayer[], fields: ReadonlyMap<Tensor, ReceptiveField>) {
  const [first, ...others] = layers
  const head = first?.nodes[0] ?? last
  const tails = [...epilogueOf(head), ...others.flatMap(({ nodes: [node] }) => [tailOf(node), ...epilogueOf(node)])]
  return {
    name: first?.name ?? (head.is('input') ? head.attributes.name : ''),
    kind: kindOf(head),
    lines: withTails(linesOf(head), tails, kindOf(head)),
    layers,
    scope: first?.scope ?? '',
    output: last.shape,
    params: layers.reduce((sum, layer) => sum + layer.params, 0),
    macs: layers.reduce((sum, layer) => sum + layer.macs, 0),
    receptiveField: fields.get(last),
  }
}

/** Short texts are written on one line: `+ ReLU`. */
function withTails(lines: readonly string[], tails: readonly string[], kind: Kind): readonly string[] {
  if (tails.length === 0) return lines
  if (kind === 'sum') return [[...lines, ...tails].join(' ')]
  return kind === 'shape' ? [lines[0], [...lines.slice(1), ...tails].join(', ')] : [...lines, tails.join(', ')]
}
