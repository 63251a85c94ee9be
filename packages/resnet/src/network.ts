import {
  batchNorm,
  conv2d,
  globalAvgPool,
  linear,
  maxPool2d,
  moments,
  normalize,
  Scope,
  ShapeError,
  type Tensor,
  weightedSum,
} from '@residual/core'
import { type Architecture, linearPerStage } from './architectures.ts'

/** What one block needs to know beyond its input. */
interface BlockConfig {
  /** Channels of the 3x3 convolutions. */
  readonly width: number
  /** Channels that leave the block. */
  readonly outputs: number
  readonly stride: number
  readonly arch: Architecture
  readonly conv: Conv
  readonly norm: Norm
  /** Factor of F(x), if there is one. */
  readonly scale: Tensor | undefined
}

/** A convolution with the parameters of a scope. */
type Conv = (s: Scope, x: Tensor, filters: number, kernel: number, stride?: number, groups?: number) => Tensor

/** A batch norm with the parameters of a scope, or nothing. */
type Norm = (s: Scope, x: Tensor) => Tensor

const channels = (x: Tensor): number => x.shape[3]

/** `f + x`, or `f` alone in a plain network. */
function join(f: Tensor, x: Tensor | undefined, { scale }: BlockConfig): Tensor {
  const scaled = scale ? f.mul(scale) : f
  return x ? scaled.add(x) : scaled
}

/** Where a batch norm follows, its beta is the bias. */
const convolution =
  ({ norm }: Architecture): Conv =>
  (s, x, filters, kernel, stride = 1, groups = 1) => {
    const weight = s.parameter('weight', [filters, channels(x) / groups, kernel, kernel])
    const bias = norm === 'none' ? s.parameter('bias', [filters]) : undefined
    return conv2d(x, weight, { bias, stride, padding: kernel >> 1, groups })
  }

/** What a batch norm has: the learned scale and shift, and statistics of what it has seen in training. */
function normParameters(s: Scope, x: Tensor) {
  const shape = [channels(x)]
  return {
    gamma: s.parameter('weight', shape),
    beta: s.parameter('bias', shape),
    mean: s.buffer('running_mean', shape),
    variance: s.buffer('running_var', shape),
  }
}

/** With the running statistics. */
const inferenceNorm: Norm = (s, x) => batchNorm(x, normParameters(s, x))

const noNorm: Norm = (_, x) => x

/** Share of a batch in the next running statistics, PyTorch's default. */
const MOMENTUM = 0.1

/** The one of the two that each is to be. */
function normOf(training: NonNullable<ResnetOptions['training']>, updates: Map<Tensor<'parameter'>, Tensor>): Norm {
  const trained = trainingNorm(updates)
  const isTrained = typeof training === 'function' ? training : () => training
  return (s, x) => (isTrained(s.prefix) ? trained : inferenceNorm)(s, x)
}

/** With the statistics of the batch, of which the running ones take a part; the variance without bias, as in PyTorch. */
function trainingNorm(updates: Map<Tensor<'parameter'>, Tensor>): Norm {
  return (s, x) => {
    const { mean, variance, ...options } = normParameters(s, x)
    const batch = moments(x)
    const row = (i: number) => batch.slice([i, 0], [i + 1, channels(x)]).reshape([channels(x)])
    const count = x.shape[0] * x.shape[1] * x.shape[2]
    const unbiased = count / Math.max(1, count - 1)
    updates.set(mean, weightedSum([mean, row(0)], [1 - MOMENTUM, MOMENTUM]))
    updates.set(variance, weightedSum([variance, row(1)], [1 - MOMENTUM, MOMENTUM * unbiased]))
    return normalize(x, batch, options)
  }
}

/** Every `stride`-th pixel, with zero channels before and after: the parameter-free shortcut A. */
function subsampleAndPad(x: Tensor, b: BlockConfig): Tensor {
  const zeros = b.outputs - channels(x)
  const sampled = b.stride === 1 ? x : x.slice([0, 0, 0, 0], [...x.shape], [1, b.stride, b.stride, 1])
  if (zeros === 0) return sampled
  return sampled.pad([
    [0, 0],
    [0, 0],
    [0, 0],
    [zeros >> 1, zeros - (zeros >> 1)],
  ])
}

/**
 * The path around a block's convolutions, from the block's input `x`. A projection reads `from`, which is `x` after
 * the leading batch norm and ReLU in a pre-activation block, and is then a convolution without batch norm.
 */
function shortcut(s: Scope, x: Tensor, b: BlockConfig, from = x): Tensor | undefined {
  const { shortcut: kind, preActivation } = b.arch
  if (kind === 'none') return undefined
  const same = b.stride === 1 && channels(x) === b.outputs
  if (same && kind !== 'C') return x
  if (kind === 'A') return subsampleAndPad(x, b)
  const projected = b.conv(s.at('downsample.0'), from, b.outputs, 1, b.stride)
  return preActivation ? projected : b.norm(s.at('downsample.1'), projected)
}

/** Each value a linear function of those at its pixel. */
function linearLayer(s: Scope, x: Tensor): Tensor {
  const weight = s.parameter('weight', [channels(x), channels(x), 1, 1])
  return conv2d(x, weight, { bias: s.parameter('bias', [channels(x)]) })
}

/** H(x) = relu(F(x) + x), F of two 3x3 convolutions. */
function basicBlock(s: Scope, x: Tensor, b: BlockConfig): Tensor {
  const a = b.norm(s.at('bn1'), b.conv(s.at('conv1'), x, b.width, 3, b.stride)).relu()
  const f = b.norm(s.at('bn2'), b.conv(s.at('conv2'), a, b.outputs, 3))
  return join(f, shortcut(s, x, b), b).relu()
}

/** H(x) = relu(F(x) + x), F of a 3x3 convolution between two of 1x1. */
function bottleneck(s: Scope, x: Tensor, b: BlockConfig): Tensor {
  const [first, second] = b.arch.strideIn === '1x1' ? [b.stride, 1] : [1, b.stride]
  const a1 = b.norm(s.at('bn1'), b.conv(s.at('conv1'), x, b.width, 1, first)).relu()
  const a2 = b.norm(s.at('bn2'), b.conv(s.at('conv2'), a1, b.width, 3, second, b.arch.groups)).relu()
  const f = b.norm(s.at('bn3'), b.conv(s.at('conv3'), a2, b.outputs, 1))
  return join(f, shortcut(s, x, b), b).relu()
}

/** H(x) = F(x) + x, batch norm and ReLU leading each convolution (He et al. 2016). */
function basicBlockV2(s: Scope, x: Tensor, b: BlockConfig): Tensor {
  const a1 = b.norm(s.at('bn1'), x).relu()
  const a2 = b.norm(s.at('bn2'), b.conv(s.at('conv1'), a1, b.width, 3, b.stride)).relu()
  return join(b.conv(s.at('conv2'), a2, b.outputs, 3), shortcut(s, x, b, a1), b)
}

/** H(x) = F(x) + x, batch norm and ReLU leading each convolution (He et al. 2016). */
function bottleneckV2(s: Scope, x: Tensor, b: BlockConfig): Tensor {
  const a1 = b.norm(s.at('bn1'), x).relu()
  const a2 = b.norm(s.at('bn2'), b.conv(s.at('conv1'), a1, b.width, 1)).relu()
  const a3 = b.norm(s.at('bn3'), b.conv(s.at('conv2'), a2, b.width, 3, b.stride, b.arch.groups)).relu()
  return join(b.conv(s.at('conv3'), a3, b.outputs, 1), shortcut(s, x, b, a1), b)
}

const BLOCKS = {
  basic: { v1: basicBlock, v2: basicBlockV2, expansion: 1 },
  bottleneck: { v1: bottleneck, v2: bottleneckV2, expansion: 4 },
} as const

/** The layers before the first stage. Pre-activation networks leave the normalisation to their blocks. */
function stem(s: Scope, x: Tensor, { family, width, preActivation }: Architecture, conv: Conv, norm: Norm): Tensor {
  const [kernel, stride] = family === 'imagenet' ? [7, 2] : [3, 1]
  const y = conv(s.at('conv1'), x, width, kernel, stride)
  const a = preActivation ? y : norm(s.at('bn1'), y).relu()
  return family === 'imagenet' ? maxPool2d(a, { kernel: 3, stride: 2, padding: 1 }) : a
}

export interface ResnetOptions {
  /** Length of the logits; default the architecture's own. */
  readonly classes?: number
  /**
   * Whether batch norms take the statistics of the batch, {@link Network.updates} saying how the running ones follow: all of
   * them, or those that this says by their names, such as `layer1.0.bn1`. Default false.
   */
  readonly training?: boolean | ((norm: string) => boolean)
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
  /** The next value of each running statistic; none unless in training. */
  readonly updates: ReadonlyMap<Tensor<'parameter'>, Tensor>
}

/**
 * Builds any architecture on `x` of `[n, h, w, 3]`. Parameters carry torchvision's names (`layer1.0.conv1.weight`); a
 * pre-activation network has one batch norm more, `bn`, before the pooling, one without batch norms has biases
 * (`layer1.0.conv1.bias`), and linear layers are called `layer1.linear.0`.
 *
 * @throws ShapeError where the image is too small for the stem, and without any classes.
 */
export function resnet(arch: Architecture, x: Tensor, options: ResnetOptions = {}): Network {
  const { classes = arch.classes, training = false, branchScale = () => undefined } = options
  if (classes < 1) throw new ShapeError(`${arch.name}: got ${classes} classes, wanted at least 1`)
  const s = new Scope()
  const updates = new Map<Tensor<'parameter'>, Tensor>()
  const conv = convolution(arch)
  const norm = arch.norm === 'none' ? noNorm : normOf(training, updates)
  const { [arch.preActivation ? 'v2' : 'v1']: block, expansion } = BLOCKS[arch.block]
  const blocks = arch.layers.reduce((a, b) => a + b)
  const linears = linearPerStage(arch)
  let y = stem(s, x, arch, conv, norm)
  let built = 0
  arch.layers.forEach((count, stage) => {
    const planes = arch.width * 2 ** stage
    const width = arch.block === 'basic' ? planes : Math.floor((planes * arch.widthPerGroup) / 64) * arch.groups
    for (let i = 0; i < count; i++) {
      const stride = i === 0 && stage > 0 ? 2 : 1
      const outputs = planes * expansion
      const config = { width, outputs, stride, arch, conv, norm, scale: branchScale(built++, blocks) }
      y = block(s.at(`layer${stage + 1}.${i}`), y, config)
    }
    for (let i = 0; i < linears[stage]; i++) y = linearLayer(s.at(`layer${stage + 1}.linear.${i}`), y)
  })
  if (arch.preActivation) y = norm(s.at('bn'), y).relu()
  const embedding = globalAvgPool(y)
  const fc = s.at('fc')
  const weight = fc.parameter('weight', [classes, embedding.shape[1]])
  return { logits: linear(embedding, weight, fc.parameter('bias', [classes])), embedding, updates }
}
