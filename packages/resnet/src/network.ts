import { graphOf, input, linear, maxPool2d, Scope, ShapeError, type Tensor } from '@residual/core'
import { callback, checkOptions, type Declared, options, value, whole } from '@residual/core/schema'
import { type ResidualBlock, residualBlock } from './blocks.ts'
import { type InTraining, type Layers, linearLayer, makeLayers, type Statistics } from './layers.ts'
import { blockNames, linearNames } from './parts.ts'
import { POOLINGS } from './pooling.ts'
import type { Architecture } from './row.ts'

export interface ResnetOptions {
  /** Length of the logits; default the architecture's own. */
  readonly classes?: number
  /**
   * Whether batch norms use the statistics of the batch: all of them, or those for whose names, such as `layer1.0.bn1`,
   * the function returns true. {@link Network.updates} then has the next running statistics. Default false.
   */
  readonly training?: InTraining
  /**
   * A factor for the F(x) of each block, broadcast to `[n, h, w, c]`, for stochastic depth (Huang et al. 2016) and
   * removed blocks. Blocks count from 0. Default none.
   */
  readonly branchScale?: (block: number, blocks: number) => Tensor | undefined
}

/** The result of {@link resnet}. */
export interface Network {
  /** `[n, classes]` */
  readonly logits: Tensor
  /** The vector before the classifier, `[n, features]`. */
  readonly embedding: Tensor
  /** The tensor that is pooled into the embedding, `[n, h, w, features]`. */
  readonly features: Tensor
  /** The blocks, in the order of computation. */
  readonly blocks: readonly ResidualBlock[]
  /** The next value of each running statistic of batch norms in training; empty otherwise. */
  readonly updates: ReadonlyMap<Tensor<'parameter'>, Tensor>
}

const declared = options({
  classes: whole(0).optional(),
  training: value<InTraining>('true, false or a function', given => /^(boolean|function)$/.test(typeof given)).default(
    false,
  ),
  branchScale: callback<NonNullable<ResnetOptions['branchScale']>>().optional(),
} satisfies Declared<ResnetOptions>)

/**
 * Builds the network of any architecture on `x`, `[n, h, w, 3]`. Parameters have torchvision's names
 * (`layer1.0.conv1.weight`). A pre-activation network has another batch norm, `bn`, before the pooling. A network
 * without batch norms has biases (`layer1.0.conv1.bias`). Linear layers are called `layer1.linear.0` and so on.
 *
 * @throws ShapeError if the image is too small for the stem, or if there are no classes.
 */
export function resnet(arch: Architecture, x: Tensor, given: ResnetOptions = {}): Network {
  const { classes = arch.classes, training, branchScale = () => undefined } = checkOptions('resnet', given, declared)
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
  const embedding = POOLINGS[arch.pooling](features)
  const fc = s.at('fc')
  const weight = fc.parameter('weight', [classes, embedding.shape[1]])
  return { logits: linear(embedding, weight, fc.parameter('bias', [classes])), embedding, features, blocks, updates }
}

/** The layers before the first stage. Pre-activation networks have no batch norm here, but in their blocks. */
function stem(s: Scope, x: Tensor, { stem, preActivation }: Architecture, { conv, norm, activate }: Layers): Tensor {
  const { kernel, stride, width, pool } = stem
  const y = conv(s.at('conv1'), x, { filters: width, kernel, stride })
  const a = preActivation ? y : activate(norm(s.at('bn1'), y))
  return pool === 'max' ? maxPool2d(a, { kernel: 3, stride: 2, padding: 1 }) : a
}

/** The parameters and the running statistics of a network, in the order of computation. */
export function parametersOf(arch: Architecture): readonly Tensor<'parameter'>[] {
  const side = arch.inputSize
  return graphOf([resnet(arch, input('images', [1, side, side, 3])).logits]).parameters
}
