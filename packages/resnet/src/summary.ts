import { byteSize, type Graph, graphOf, input, macs, parameterCount, type Tensor } from '@residual/core'
import { checkOptions, type Declared, options, whole } from '@residual/core/schema'
import { resnet } from './network.ts'
import type { Architecture } from './row.ts'

/** One layer of a network, for one image. */
export interface LayerSummary {
  /** Path of the layer, such as `layer1.0.conv1`; without parameters, its operation's name within its block. */
  readonly name: string
  /** Name of the operation, such as `conv2d`; `linear` is the classifier with its bias. */
  readonly operation: string
  /** Shape of the output, `[1, h, w, c]` or `[1, features]`. */
  readonly output: readonly number[]
  /** Number of trainable parameters. */
  readonly params: number
  /** Multiply-accumulates; as usual, only convolutions and the classifier count. */
  readonly macs: number
  /** Bytes of the output in float32. */
  readonly activationBytes: number
}

/** The layers of a network and their totals. */
export interface Summary {
  /** Number of trainable parameters. */
  readonly params: number
  /** Multiply-accumulates for one image. */
  readonly macs: number
  readonly layers: readonly LayerSummary[]
}

export interface SummaryOptions {
  /** Side of the square input in pixels; default the architecture's own. */
  readonly input?: number
  /** Length of the logits; default the architecture's own. */
  readonly classes?: number
}

const declared = options({
  input: whole(1).optional(),
  classes: whole(0).optional(),
} satisfies Declared<SummaryOptions>)

/**
 * Lists the layers of an architecture in the order of computation, for a batch of one. No weights are needed.
 * @throws ShapeError if the input is too small for the network.
 */
export function summarize(arch: Architecture, given: SummaryOptions = {}): Summary {
  const { input: side = arch.inputSize, classes } = checkOptions('summarize', given, declared)
  const { logits } = resnet(arch, input('images', [1, side, side, 3]), { classes })
  const graph = graphOf([logits])
  const layers = layersOf(graph).map(({ name, operation, output, params, macs, activationBytes }) => {
    return { name, operation, output, params, macs, activationBytes }
  })
  return { params: parameterCount(graph), macs: layers.reduce((sum, layer) => sum + layer.macs, 0), layers }
}

/** A layer and its place in its graph. */
export interface GraphLayer extends LayerSummary {
  /** The nodes that compute it, in order; the last one is its output. */
  readonly nodes: readonly Tensor[]
  /** Path of the part of the network that it belongs to, such as `layer1.0`; empty if it belongs to none. */
  readonly scope: string
}

/** Lists the layers of any graph in order: its nodes except inputs, parameters and constants. */
export function layersOf(graph: Graph): GraphLayer[] {
  const layers: GraphLayer[] = []
  let scope = ''
  for (const node of graph.nodes) {
    if (node.is('input') || node.is('parameter') || node.is('constant')) continue
    const names = node.inputs.flatMap(tensor => (tensor.is('parameter') ? [tensor.attributes.name] : []))
    const previous = layers[layers.length - 1]
    const path = names[0]?.replace(/\.[^.]*$/, '')
    if (path !== undefined && path === previous?.name) {
      // The classifier is one layer of two nodes: a matrix product and the addition of its bias.
      const operation = previous.operation === 'matmul' ? 'linear' : previous.operation
      const params = previous.params + trainable(node)
      layers[layers.length - 1] = { ...previous, operation, params, nodes: [...previous.nodes, node] }
      continue
    }
    // Nodes are in the order of computation, so a node without parameters belongs to the part of the last node with
    // some.
    if (path !== undefined) scope = path.replace(/\.?(downsample\.)?[^.]+$/, '')
    const operation = node.is('unary') || node.is('binary') ? node.attributes.kind : node.op
    const isInBlock = scope !== '' && node.shape.length === 4
    layers.push({
      name: path ?? (isInBlock ? `${scope}.${operation}` : operation),
      operation,
      output: node.shape,
      params: trainable(node),
      macs: macs(node),
      activationBytes: byteSize(node),
      nodes: [node],
      scope: path !== undefined || isInBlock ? scope : '',
    })
  }
  return layers
}

/** The number of trainable parameters that one node reads. */
function trainable(node: Tensor): number {
  const parameters = node.inputs.filter(tensor => tensor.is('parameter'))
  return parameterCount({ nodes: [], outputs: [], inputs: [], parameters })
}
