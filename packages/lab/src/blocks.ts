import { graphOf, input, type Tensor } from '@residual/core'
import { type Architecture, linearPerStage, type Network, type ResnetOptions, resnet } from '@residual/resnet'

/** A block as it stands in the graph of a network. */
export interface BlockNodes {
  /** Path of its parameters, such as `layer1.0`. */
  readonly name: string
  /** What it computes from. */
  readonly input: Tensor
  /** What the next block gets, or the linear layers before that. */
  readonly output: Tensor
  /** F(x), before the addition and the ReLU that may follow. */
  readonly branch: Tensor
  /** F(x) + shortcut before the ReLU that may follow, and its shortcut; undefined in a plain network. */
  readonly sum: Tensor | undefined
  readonly shortcut: Tensor | undefined
}

/** A network as it is built on `[n, side, side, 3]`, and its blocks in order. */
export interface Dissected extends Network {
  readonly blocks: readonly BlockNodes[]
}

/** Builds a network, for inference unless it is said otherwise, with the input `images`, and finds its blocks. */
export function dissect(
  arch: Architecture,
  n: number,
  side: number,
  options?: Pick<ResnetOptions, 'training'>,
): Dissected {
  const network = resnet(arch, input('images', [n, side, side, 3]), options)
  const reader = readersIn(network.logits)
  // What a block, or the head, begins with: under pre-activation a batch norm, if there are any, and a ReLU.
  const before = (x: Tensor) => (!arch.preActivation ? x : arch.norm === 'none' ? x.inputs[0] : x.inputs[0].inputs[0])
  const names = arch.layers.flatMap((count, stage) => Array.from({ length: count }, (_, i) => `layer${stage + 1}.${i}`))
  const firsts = names.map(name => reader(`${name}.conv1.weight`).inputs[0])
  const entries = [...firsts, network.embedding.inputs[0]].map(before)
  const linears = new Set(linearLayersOf(arch).map(name => reader(`${name}.weight`)))
  const beneathLinear = (x: Tensor): Tensor => (linears.has(x) ? beneathLinear(x.inputs[0]) : x)
  const blocks = names.map((name, i) => {
    const output = beneathLinear(entries[i + 1])
    const last = arch.preActivation ? output : output.inputs[0]
    if (arch.shortcut === 'none') {
      return { name, input: entries[i], output, branch: last, sum: undefined, shortcut: undefined }
    }
    return { name, input: entries[i], output, branch: last.inputs[0], sum: last, shortcut: last.inputs[1] }
  })
  return { ...network, blocks }
}

/** Paths of the parameters of all linear layers. */
export function linearLayersOf(arch: Architecture): string[] {
  return linearPerStage(arch).flatMap((count, stage) =>
    Array.from({ length: count }, (_, i) => `layer${stage + 1}.linear.${i}`),
  )
}

/** Finds the operation that reads a parameter. */
function readersIn(output: Tensor): (parameter: string) => Tensor {
  const readers = new Map<string, Tensor>()
  for (const node of graphOf([output]).nodes) {
    for (const tensor of node.inputs) if (tensor.is('parameter')) readers.set(tensor.attributes.name, node)
  }
  return name => readers.get(name)!
}

/** The tensor as it would be if others stood in the place of some that it depends on. What does not change is shared. */
export function withReplaced(tensor: Tensor, replacements: ReadonlyMap<Tensor, Tensor>): Tensor {
  return rebuilt([tensor], replacements).get(tensor)!
}

/** What becomes of some tensors, and of all they depend on, if others stand in the place of some of these. */
export function rebuilt(tensors: readonly Tensor[], replacements: ReadonlyMap<Tensor, Tensor>): Map<Tensor, Tensor> {
  const become = new Map<Tensor, Tensor>()
  for (const node of graphOf(tensors).nodes) {
    const inputs = node.inputs.map(other => become.get(other)!)
    const isSame = inputs.every((other, i) => other === node.inputs[i])
    become.set(node, replacements.get(node) ?? (isSame ? node : node.with(inputs)))
  }
  return become
}
