import {
  type CompileOptions,
  compile,
  crossEntropy,
  grad,
  graphOf,
  input,
  readFloat32,
  sizeOf,
  type Tensor,
  type Weight,
} from '@residual/core'
import type { Architecture, Network, ResidualBlock } from '@residual/resnet'
import { type GraphLayer, layersOf, ModelError, resnet } from '@residual/resnet'
import { rebuilt } from './rebuild.ts'

/** A layer with weights, a convolution or the classifier. */
export interface LayerSignal {
  /** Path of its parameters, such as `layer1.0.conv1`. */
  readonly name: string
  /** Path of its block, such as `layer1.0`; undefined in the stem and for the classifier. */
  readonly block: string | undefined
  /**
   * Standard deviation of its response, after the batch norm that follows directly, if there is one, and before ReLU
   * and addition: the layer responses in figure 7 of He et al. 2015.
   */
  readonly response: number
  /** Root mean square of its own output, before any batch norm. */
  readonly activation: number
  /** Euclidean length of the loss's gradient with respect to its weight. */
  readonly gradient: number
  /**
   * Euclidean length of the gradient at its own output for one image: the root mean square over the images. It is the
   * gradient of the summed loss, so it does not depend on the number of images.
   */
  readonly signal: number
  /** Euclidean length of its weight. */
  readonly weight: number
}

/** A block F(x) + x, or F(x) alone in a plain network. */
export interface BlockSignal {
  /** Path of its parameters, such as `layer1.0`. */
  readonly name: string
  /** Standard deviation of F(x), before the addition and the ReLU that may follow. */
  readonly branch: number
  /** Standard deviation of what the shortcut adds; undefined in a plain network. */
  readonly shortcut: number | undefined
  /** Euclidean length of the gradient at the block's input for one image, as in {@link LayerSignal.signal}. */
  readonly gradient: number
  /**
   * Length of the part of that gradient that came through shortcuts all the way, not through F of this block or a later
   * one; undefined in a plain network. It may be longer than the whole, since the other part may point against it.
   */
  readonly direct: number | undefined
}

/** The result of {@link measureSignals}. */
export interface Signals {
  /** Mean cross-entropy over the batch in nats. */
  readonly loss: number
  /** In the order of the computation. */
  readonly layers: readonly LayerSignal[]
  readonly blocks: readonly BlockSignal[]
}

/** Images to measure signals on, with their classes. */
export interface SignalBatch {
  /** Normalised, `[n, side, side, 3]`. */
  readonly images: Float32Array
  /** The class of each image. */
  readonly labels: ArrayLike<number>
  readonly n: number
  /** Pixels per side. */
  readonly side: number
}

/**
 * Measures the signals in a network during training: responses on the way forward, and gradients on the way back. Batch
 * norms use the statistics of the batch, as in training, and nothing is changed.
 *
 * At any depth this takes one pass forward, one pass back, and one more along the shortcuts. Lengths are computed so
 * that they stay exact even if their squares would be too small for float32. If the loss is not finite, the other
 * numbers mean nothing.
 *
 * @throws ModelError for a label that is not one of the architecture's classes; ParameterError for parameters and
 *   ShapeError for images that do not fit; MemoryError (of @residual/kernels-wasm) for a batch that is too large.
 */
export async function measureSignals(
  arch: Architecture,
  parameters: ReadonlyMap<string, Weight | Float32Array>,
  { images, labels, n, side }: SignalBatch,
  options: CompileOptions = {},
): Promise<Signals> {
  const targets = targetsOf(labels, n, arch.classes)
  const network = resnet(arch, input('images', [n, side, side, 3]), { training: true })
  const loss = crossEntropy(network.logits, input('targets', [n, arch.classes]))
  const layers = layersIn(network)
  const { blocks } = network
  const gradients = grad(loss, [
    ...layers.flatMap(({ weight, output }) => [weight, output]),
    ...blocks.map(block => block.input),
  ])
  const direct = directGradients(loss, blocks)

  // Gradients are read in the order in which they come back through the network, so that none is kept long.
  const outputs: Record<string, Tensor> = {}
  layers.forEach(({ output, response }, i) => {
    outputs[`layer ${i} activation`] = lengthOf(output)
    outputs[`layer ${i} response`] = deviationOf(response)
  })
  blocks.forEach(({ branch, shortcut }, i) => {
    outputs[`block ${i} branch`] = deviationOf(branch)
    if (shortcut) outputs[`block ${i} shortcut`] = deviationOf(shortcut)
  })
  outputs.loss = loss
  for (let i = layers.length - 1; i >= 0; i--) {
    outputs[`layer ${i} signal`] = lengthOf(gradients[2 * i + 1])
    outputs[`layer ${i} gradient`] = lengthOf(gradients[2 * i])
  }
  for (let i = blocks.length - 1; i >= 0; i--) {
    outputs[`block ${i} gradient`] = lengthOf(gradients[2 * layers.length + i])
    if (direct) outputs[`block ${i} direct`] = lengthOf(direct[i])
  }

  const program = await compile({ outputs, parameters }, options)
  try {
    const values = await program.run({ images, targets })
    const of = (name: string) => values[name][0]
    const lengths = await Promise.all(
      layers.map(async ({ weight }) => {
        const given = parameters.get(weight.attributes.name)!
        const elements = given instanceof Float32Array ? given : await readFloat32(given)
        return Math.sqrt(elements.reduce((sum, value) => sum + value ** 2, 0))
      }),
    )
    // Converts the gradient of the mean loss over all images into the gradient of the summed loss for one image.
    const forOne = Math.sqrt(n)
    return {
      loss: of('loss'),
      layers: layers.map(({ name, block, output }, i) => ({
        ...{ name, block },
        response: of(`layer ${i} response`),
        activation: of(`layer ${i} activation`) / Math.sqrt(sizeOf(output.shape)),
        gradient: of(`layer ${i} gradient`),
        signal: of(`layer ${i} signal`) * forOne,
        weight: lengths[i],
      })),
      blocks: blocks.map(({ name, shortcut }, i) => ({
        name,
        branch: of(`block ${i} branch`),
        shortcut: shortcut && of(`block ${i} shortcut`),
        gradient: of(`block ${i} gradient`) * forOne,
        direct: direct && of(`block ${i} direct`) * forOne,
      })),
    }
  } finally {
    program[Symbol.dispose]()
  }
}

function targetsOf(labels: ArrayLike<number>, n: number, classes: number): Float32Array {
  if (labels.length !== n) throw new ModelError(`got ${labels.length} labels for ${n} images`)
  const targets = new Float32Array(n * classes)
  for (let i = 0; i < n; i++) {
    if (!(labels[i] < classes)) throw new ModelError(`got the label ${labels[i]}, wanted 0 to ${classes - 1}`)
    targets[i * classes + labels[i]] = 1
  }
  return targets
}

/** A layer with weights in the graph of a network. */
interface LayerNodes {
  readonly name: string
  readonly block: string | undefined
  readonly weight: Tensor<'parameter'>
  /** Its own output. */
  readonly output: Tensor
  /** Its output after the batch norm that directly follows, if one does. */
  readonly response: Tensor
}

function layersIn({ logits }: Network): LayerNodes[] {
  const layers = layersOf(graphOf([logits]))
  return layers.flatMap(({ name, scope, operation, nodes }) => {
    const weight = nodes[0].inputs[1]
    if ((operation !== 'conv2d' && operation !== 'linear') || !weight.is('parameter')) return []
    const output = nodes[nodes.length - 1]
    // The first norm of a pre-activation block belongs to the block, not to the layer before it.
    const norm = layers.find(other => other.scope === scope && other.nodes[0].inputs[0] === output && isNorm(other))
    return [{ name, block: scope === '' ? undefined : scope, weight, output, response: norm?.nodes[0] ?? output }]
  })
}

const isNorm = ({ operation }: GraphLayer): boolean => operation === 'normalize'

/**
 * The gradient at each block's input that comes through shortcuts alone. No gradient flows through an F that is an
 * input. So each F is replaced by an input, the gradients are derived, and F is put back into them.
 */
function directGradients(loss: Tensor, blocks: readonly ResidualBlock[]): Tensor[] | undefined {
  if (blocks[0].shortcut === undefined) return undefined
  const given = new Map(blocks.map(({ name, branch }) => [branch, input(`F of ${name}`, branch.shape)]))
  const copies = rebuilt([loss], given)
  const gradients = grad(
    copies.get(loss)!,
    blocks.map(block => copies.get(block.input)!),
  )
  const originals = new Map([...copies].map(([original, copy]) => [copy, original]))
  const become = rebuilt(gradients, originals)
  return gradients.map(gradient => become.get(gradient)!)
}

/** The smallest normal number of float32. */
const TINY = 2 ** -126

/**
 * The largest absolute value, or a positive number if all are 0: divided by it, squares neither vanish nor overflow.
 */
const largestOf = (x: Tensor): Tensor => x.max().maximum(x.min().neg()).maximum(TINY)

/** Adds up all values in two steps, which is more exact. */
const sumOf = (x: Tensor): Tensor => x.sum(x.shape.map((_, axis) => axis).slice(1)).sum()

/** Euclidean length of all values. */
function lengthOf(x: Tensor): Tensor {
  const largest = largestOf(x)
  return sumOf(x.div(largest).square()).sqrt().mul(largest)
}

/** Standard deviation of all values. */
function deviationOf(x: Tensor): Tensor {
  const largest = largestOf(x)
  const count = sizeOf(x.shape)
  const scaled = x.div(largest)
  const centred = scaled.sub(sumOf(scaled).mul(1 / count))
  return sumOf(centred.square())
    .mul(1 / count)
    .sqrt()
    .mul(largest)
}
