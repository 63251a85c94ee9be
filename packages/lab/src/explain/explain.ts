import { type CompileOptions, compile, globalAvgPool, grad, input, quote, type Tensor } from '@residual/core'
import type { Model, Network, Prediction } from '@residual/resnet'
import { ACTIVATIONS, ModelError, nearest, resnet, softmaxOf, stageName } from '@residual/resnet'
import { centerCrop, preprocess, type RgbImage, resizeShortest } from '@residual/vision'
import { type HeatMap, viewOf } from './heat.ts'
import { streamOf } from './stream.ts'

export interface ExplainOptions extends CompileOptions {
  /** The class to explain: its label in upper or lower case, or its index. Default the predicted class. */
  readonly class?: string | number
  /**
   * Where to look for the class: after a stage (`layer3`) or a block (`layer2.0`), or in pre-activation networks at
   * `bn`, after the last batch norm and ReLU. Default the classifier's input: the last stage, or `bn`.
   */
  readonly layer?: string
  /** Number of most likely classes to list, default 5. */
  readonly topk?: number
}

/** How a block changes the stream that runs through it. */
export interface BlockEffect {
  readonly block: string
  /** Length of F(x) divided by the length of the shortcut. */
  readonly ratio: number
  /** Cosine of the angle between F(x) and the shortcut; NaN if F(x) is zero. */
  readonly cosine: number
  /**
   * Length of the difference between the block's output, after the ReLU, and the shortcut, divided by that of the
   * shortcut.
   */
  readonly change: number
}

/** The network's answer if the blocks after this place added nothing. */
export interface DepthAnswer extends Prediction {
  /** The block before this place, or `stem` before the first block. */
  readonly after: string
  /** Probability of the explained class. */
  readonly target: number
}

/** The result of {@link explain}. */
export interface Explanation {
  readonly model: string
  readonly architecture: string
  /** The most likely classes, the most likely first. */
  readonly predictions: readonly Prediction[]
  /** The class that is explained. */
  readonly target: Prediction
  /** The layer of the map. */
  readonly layer: string
  /** Grad-CAM: how much evidence for the class each position of the layer has. */
  readonly map: HeatMap
  /** In the order of the network; empty for plain networks, which have no shortcuts. */
  readonly blocks: readonly BlockEffect[]
  /** From the stem onwards; the last one is the network's own answer. Empty for plain networks. */
  readonly depths: readonly DepthAnswer[]
  /** The pixels that the network gets. */
  readonly seen: RgbImage
  /** The same square of the image with about 448 pixels per side, for people. */
  readonly view: RgbImage
}

/**
 * Explains a model's answer: where in the image it sees the class (Grad-CAM: Selvaraju et al. 2017), how much each
 * block changes the stream that the shortcuts carry, and what the network would answer at each depth if the later
 * blocks added nothing. One program computes all of this.
 *
 * @throws ModelError for a class or layer that the model does not have, and for weights that lead to numbers that are
 *   not finite.
 */
export async function explain(model: Model, image: RgbImage, options: ExplainOptions = {}): Promise<Explanation> {
  const { class: wanted, layer: asked, topk = 5, ...compileOptions } = options
  const { architecture: arch, preprocessing, parameters, labels } = model
  if (!Number.isInteger(topk) || topk < 1) throw new ModelError(`explain: got topk ${topk}, wanted at least 1`)
  const stated = wanted === undefined ? undefined : classOf(model, wanted)
  const { resize, crop, filter } = preprocessing
  const seen = centerCrop(resizeShortest(image, resize, filter), crop, crop)
  const network = resnet(arch, input('images', [1, crop, crop, 3]))
  const { layer, activation } = layerOf(model, network, asked)
  const stream = streamOf(network, ACTIVATIONS[arch.activation].isIdempotent)
  const { logits } = network
  const outputs = {
    logits,
    map: gradCam(activation, stated === undefined ? logits.max() : logits.slice([0, stated], [1, stated + 1]).sum()),
    ...(stream && { sums: stream.sums, depths: stream.logits }),
  }
  const program = await compile({ outputs, parameters }, compileOptions)
  const results = await program
    .run({ images: preprocess(seen, { ...preprocessing, resize: crop }) })
    .finally(() => program[Symbol.dispose]())
  for (const values of Object.values(results)) {
    if (!values.every(Number.isFinite)) {
      throw new ModelError(`${model.name} gives numbers that are not finite; its weights or the images are damaged`)
    }
  }

  const prediction = ({ index, score }: Scored): Prediction => ({ label: labels[index], score, index })
  const scores = softmaxOf(results.logits)
  const ranked = scores.map((score, index) => ({ index, score })).sort((a, b) => b.score - a.score)
  const target = stated === undefined ? ranked[0] : { index: stated, score: scores[stated] }
  const names = network.blocks.map(({ name }) => name)
  const [, height, width] = activation.shape
  return {
    ...{ model: model.name, architecture: arch.name, layer, seen, view: viewOf(image, preprocessing) },
    predictions: ranked.slice(0, topk).map(prediction),
    target: prediction(target),
    map: { width, height, values: results.map as Float32Array },
    blocks: stream ? rowsOf(results.sums, 4).map((sums, i) => effectOf(names[i], sums)) : [],
    depths: stream
      ? rowsOf(results.depths, labels.length).map((row, i) => {
          // The last one is the network's own answer, bit for bit.
          const at = i === names.length ? scores : softmaxOf(row)
          const index = at.indexOf(Math.max(...at))
          return { after: ['stem', ...names][i], ...prediction({ index, score: at[index] }), target: at[target.index] }
        })
      : [],
  }
}

/**
 * `[1, h, w]`: the positive part of the sum of a layer's channels, each weighted by the mean gradient of the score with
 * respect to it.
 */
function gradCam(activation: Tensor, score: Tensor): Tensor {
  const [gradient] = grad(score, [activation])
  const weights = globalAvgPool(gradient).reshape([1, 1, 1, activation.shape[3]])
  return activation.mul(weights).sum(3).relu()
}

function effectOf(block: string, [f, shortcut, product, change]: readonly number[]): BlockEffect {
  return {
    block,
    ratio: Math.sqrt(f / shortcut),
    cosine: product / Math.sqrt(f * shortcut),
    change: Math.sqrt(change / shortcut),
  }
}

function classOf({ name, labels }: Model, wanted: string | number): number {
  const text = String(wanted)
  const meant = labels.flatMap((label, index) => (label.toLowerCase() === text.toLowerCase() ? [index] : []))
  if (typeof wanted === 'string' && meant.length === 1) return meant[0]
  if (typeof wanted === 'string' && meant.length > 1) {
    throw new ModelError(
      `${name} has ${meant.length} classes called ${JSON.stringify(text)}; give an index: ${meant.join(', ')}`,
    )
  }
  if (/^\d+$/.test(text) && Number(text) < labels.length) return Number(text)
  if (typeof wanted === 'number' || /^\d+$/.test(text)) {
    throw new ModelError(`${name} has no class ${text}; its classes are 0 to ${labels.length - 1}`)
  }
  throw new ModelError(
    `${name} has no class ${quote(text)}; the nearest are ${nearest(text, [...new Set(labels)]).join(', ')}`,
  )
}

interface Layer {
  readonly layer: string
  /** `[1, h, w, c]` */
  readonly activation: Tensor
}

function layerOf({ name, architecture: arch }: Model, { blocks, features }: Network, asked?: string): Layer {
  const last = (stage: number) => blocks.findLast(block => block.stage === stage)!
  const layers = new Map<string, Tensor>([
    ...arch.layers.map((_, stage): [string, Tensor] => [stageName(stage), last(stage).output]),
    ...blocks.map((block): [string, Tensor] => [block.name, block.output]),
  ])
  if (arch.preActivation) layers.set('bn', features)
  const layer = asked ?? (arch.preActivation ? 'bn' : stageName(arch.layers.length - 1))
  const activation = layers.get(layer)
  if (activation) return { layer, activation }
  const near = nearest(layer, [...layers.keys()]).join(', ')
  throw new ModelError(`${name} has no layer ${quote(layer)}; the nearest are ${near}`)
}

interface Scored {
  readonly index: number
  readonly score: number
}

function rowsOf(values: ArrayLike<number>, length: number): number[][] {
  const list = Array.from(values)
  return Array.from({ length: list.length / length }, (_, i) => list.slice(i * length, (i + 1) * length))
}
