import { globalAvgPool, graphOf, input, linear, maxPool2d, Scope, ShapeError, type Tensor } from '@residual/core'
import { type ResidualBlock, residualBlock } from './blocks.ts'
import { type InTraining, type Layers, linearLayer, makeLayers, type Statistics } from './layers.ts'
import { blockNames, linearNames } from './parts.ts'
import type { Architecture } from './row.ts'

export interface ResnetOptions {
  /** Length of the logits; default the architecture's own. */
  readonly classes?: number
  /**
   * Whether batch norms take the statistics of the batch, {@link Network.updates} saying how the running ones follow: all of
   * them, or those that this says by their names, such as `layer1.0.bn1`. Default false.
   */
  readonly training?: InTraining
  /**
   * A factor, broadcast to `[n, h, w, c]`, of the F(x) of each block, counted from 0: stochastic depth (Huang et al.
   * 2016) and removed blocks. Default none.
   */
  readonly branchScale?: (block: number, blocks: number) => Tensor | undefined
}

/** What {@link resnet} gives. */
export interface Network {
  /** `[n, classes]` */
  readonly logits: Tensor
  /** The vector before the classifier, `[n, features]`. */
  readonly embedding: Tensor
  /** What is pooled into the embedding, `[n, h, w, features]`. */
  readonly features: Tensor
  /** In the order in which they are computed. */
  readonly blocks: readonly ResidualBlock[]
  /** The next value of each running statistic; none unless in training. */
  readonly updates: ReadonlyMap<Tensor<'parameter'>, Tensor>
}

/**
 * Builds any architecture on `x` of `[n, h, w, 3]`. Parameters carry torchvision's names (`layer1.0.conv1.weight`); a
 * pre-activation network has one batch norm more, `bn`, before the pooling, one without batch norms has biases
 * (`layer1.0.conv1.bias`), and linear layers are called `layer1.linear.0`.
 *
 * @throws ShapeError if the image is too small for the stem, and without any classes.
 */
export function resnet(arch: Architecture, x: Tensor, options: ResnetOptions = {}): Network {
  const { classes = arch.classes, training = false, branchScale = () => undefined } = options
  if (classes < 1) throw new ShapeError(`${arch.name}: got ${classes} classes, wanted at least 1`)
  const s = new Scope()
  const updates: Statistics = new Map()
  const layers = makeLayers(arch, training, updates)
  const [names, linears] = [blockNames(arch), linearNames(arch)]
  const count = names.flat().length
  const blocks: ResidualBlock[] = []
  let y = stem(s, x, arch, layers)
  names.forEach((ofStage, stage) => {
    ofStage.forEach((name, i) => {
      const stride = i === 0 && stage > 0 ? 2 : 1
      const scale = branchScale(blocks.length, count)
      const block = residualBlock(s.at(name), y, { arch, stage, stride, layers, scale })
      blocks.push(block)
      y = block.output
    })
    for (const name of linears[stage]) y = linearLayer(s.at(name), y)
  })
  const features = arch.preActivation ? layers.activate(layers.norm(s.at('bn'), y)) : y
  const embedding = globalAvgPool(features)
  const fc = s.at('fc')
  const weight = fc.parameter('weight', [classes, embedding.shape[1]])
  return { logits: linear(embedding, weight, fc.parameter('bias', [classes])), embedding, features, blocks, updates }
}

/** The layers before the first stage. Pre-activation networks leave the normalisation to their blocks. */
function stem(s: Scope, x: Tensor, { stem, preActivation }: Architecture, { conv, norm, activate }: Layers): Tensor {
  const { kernel, stride, width, pool } = stem
  const y = conv(s.at('conv1'), x, { filters: width, kernel, stride })
  const a = preActivation ? y : activate(norm(s.at('bn1'), y))
  return pool === 'max' ? maxPool2d(a, { kernel: 3, stride: 2, padding: 1 }) : a
}

/** The parameters of a network and its running statistics, in the order in which they are used. */
export function parametersOf(arch: Architecture): readonly Tensor<'parameter'>[] {
  const side = arch.inputSize
  return graphOf([resnet(arch, input('images', [1, side, side, 3])).logits]).parameters
}
