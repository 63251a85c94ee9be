import type { Scope, Tensor } from '@residual/core'
import { type ConvShape, channels, type Layers } from './layers.ts'
import type { Architecture } from './row.ts'

/** What the convolutions of a block follow from. */
interface BlockShape {
  /** Channels of the stage, see {@link Architecture.widths}. */
  readonly width: number
  /** Channels that leave the block. */
  readonly outputs: number
  readonly stride: number
  readonly arch: Architecture
}

/** A kind of block: one function, and one row in {@link BLOCKS}. */
interface BlockKind {
  /** The convolutions of the residual branch, in order. */
  readonly branch: (shape: BlockShape) => readonly ConvShape[]
  /** Channels that leave the block, in parts of the width of its stage. */
  readonly expansion: number
  /** The fields of an architecture that mean something to this block, among those that do not to every one. */
  readonly honours: readonly ('groups' | 'widthPerGroup' | 'strideIn')[]
}

/** Two 3x3 convolutions. */
function basic({ width, outputs, stride }: BlockShape): ConvShape[] {
  return [
    { filters: width, kernel: 3, stride },
    { filters: outputs, kernel: 3 },
  ]
}

/** A 3x3 convolution between two of 1x1, with fewer channels in the middle. */
function bottleneck({ width, outputs, stride, arch }: BlockShape): ConvShape[] {
  const { groups, widthPerGroup, strideIn } = arch
  const middle = Math.floor((width * widthPerGroup) / 64) * groups
  const [first, second] = strideIn === '1x1' ? [stride, 1] : [1, stride]
  return [
    { filters: middle, kernel: 1, stride: first },
    { filters: middle, kernel: 3, stride: second, groups },
    { filters: outputs, kernel: 1 },
  ]
}

/** The kinds of blocks, by the names that architectures have for them. */
const KINDS = {
  basic: { branch: basic, expansion: 1, honours: [] },
  bottleneck: { branch: bottleneck, expansion: 4, honours: ['groups', 'widthPerGroup', 'strideIn'] },
} satisfies Readonly<Record<string, BlockKind>>

/** `basic`: two 3x3 convolutions. `bottleneck`: 1x1, 3x3, 1x1 around a narrower middle. */
export type Block = keyof typeof KINDS

export const BLOCKS: Readonly<Record<Block, BlockKind>> = KINDS

/** Whether a block leaves a choice which of its convolutions strides. */
export const hasStridePlaces = (block: Block): boolean => BLOCKS[block].honours.includes('strideIn')

/** The convolutions in the residual branches of a stage. */
export function branchOf(arch: Architecture, stage: number, stride: number): readonly ConvShape[] {
  const { branch, expansion } = BLOCKS[arch.block]
  const width = arch.widths[stage]
  return branch({ width, outputs: width * expansion, stride, arch })
}

/** Layers with weights, as names count them: the stem, the residual branches, the classifier; no linear layers. */
export function depthOf(arch: Architecture): number {
  return arch.layers.reduce((sum, count, stage) => sum + count * branchOf(arch, stage, 1).length, 2)
}

/** A block in the graph of a network: H(x) = F(x) + x, with a ReLU around it unless pre-activated. */
export interface ResidualBlock {
  /** Path of its parameters, such as `layer1.0`. */
  readonly name: string
  /** Number of its stage, from 0. */
  readonly stage: number
  /** x, `[n, h, w, c]`. */
  readonly input: Tensor
  /** F(x), as it is added. */
  readonly branch: Tensor
  /** What is added to F(x); undefined in a plain network. */
  readonly shortcut: Tensor | undefined
  /** F(x) and the shortcut, before the ReLU that may follow; undefined in a plain network. */
  readonly sum: Tensor | undefined
  /** H(x), which the next block gets, or the linear layers before it. */
  readonly output: Tensor
  /** Path of the layer whose weight scales F(x): its last batch norm, or where none is last its last convolution. */
  readonly scaledBy: string
}

/** What a block is built from, beyond its input. */
interface BlockConfig {
  readonly arch: Architecture
  readonly stage: number
  readonly stride: number
  readonly layers: Layers
  /** Factor of F(x), if there is one. */
  readonly scale: Tensor | undefined
}

/** Builds any kind of block, with its parameters in the scope `s`. */
export function residualBlock(s: Scope, x: Tensor, config: BlockConfig): ResidualBlock {
  const { arch, stage, stride, layers, scale } = config
  const shapes = branchOf(arch, stage, stride)
  const { f, entry } = (arch.preActivation ? activatedBefore : activatedAfter)(s, x, shapes, layers)
  const last = arch.preActivation || arch.norm === 'none' ? 'conv' : 'bn'
  const branch = scale ? f.mul(scale) : f
  const shortcut = shortcutOf(s, x, entry, shapes[shapes.length - 1].filters, config)
  const sum = shortcut && branch.add(shortcut)
  const output = arch.preActivation ? (sum ?? branch) : layers.activate(sum ?? branch)
  const scaledBy = s.at(`${last}${shapes.length}`).prefix
  return { name: s.prefix, stage, input: x, branch, shortcut, sum, output, scaledBy }
}

interface Branch {
  readonly f: Tensor
  /** What a projection in the shortcut reads. */
  readonly entry: Tensor
}

type BranchBuilder = (s: Scope, x: Tensor, shapes: readonly ConvShape[], layers: Layers) => Branch

/** Each convolution, its batch norm, and between two of them a ReLU (He et al. 2015). */
const activatedAfter: BranchBuilder = (s, x, shapes, { conv, norm, activate }) => {
  let f = x
  shapes.forEach((shape, i) => {
    const y = norm(s.at(`bn${i + 1}`), conv(s.at(`conv${i + 1}`), f, shape))
    f = i < shapes.length - 1 ? activate(y) : y
  })
  return { f, entry: x }
}

/** Batch norm and ReLU before each convolution (He et al. 2016). A projection reads what the first of them give. */
const activatedBefore: BranchBuilder = (s, x, shapes, { conv, norm, activate }) => {
  let [f, entry] = [x, x]
  shapes.forEach((shape, i) => {
    const a = activate(norm(s.at(`bn${i + 1}`), f))
    if (i === 0) entry = a
    f = conv(s.at(`conv${i + 1}`), a, shape)
  })
  return { f, entry }
}

/** The path around the residual branch. Under pre-activation a projection is a convolution without batch norm. */
function shortcutOf(
  s: Scope,
  x: Tensor,
  entry: Tensor,
  outputs: number,
  { arch, stride, layers }: BlockConfig,
): Tensor | undefined {
  const { shortcut: kind, preActivation } = arch
  if (kind === 'none') return undefined
  const isSame = stride === 1 && channels(x) === outputs
  if (isSame && kind !== 'C') return x
  if (kind === 'A') return subsampleAndPad(x, outputs, stride)
  const projected = layers.conv(s.at('downsample.0'), entry, { filters: outputs, kernel: 1, stride })
  return preActivation ? projected : layers.norm(s.at('downsample.1'), projected)
}

/** Every `stride`-th pixel, with zero channels before and after: the parameter-free shortcut A. */
function subsampleAndPad(x: Tensor, outputs: number, stride: number): Tensor {
  const zeros = outputs - channels(x)
  const sampled = stride === 1 ? x : x.slice([0, 0, 0, 0], [...x.shape], [1, stride, stride, 1])
  if (zeros === 0) return sampled
  return sampled.pad([
    [0, 0],
    [0, 0],
    [0, 0],
    [zeros >> 1, zeros - (zeros >> 1)],
  ])
}
