import type { Scope, Tensor } from '@residual/core'
import { type ConvShape, channels, type Layers } from './layers.ts'
import type { Architecture } from './row.ts'

/** The values that determine the convolutions of a block. */
interface BlockShape {
  /** Channels of the stage, see {@link Architecture.widths}. */
  readonly width: number
  /** Channels of the block's output. */
  readonly outputs: number
  readonly stride: number
  readonly arch: Architecture
}

/** A kind of block: one function, and one row in {@link BLOCKS}. */
interface BlockKind {
  /** The convolutions of the residual branch, in order. */
  readonly branch: (shape: BlockShape) => readonly ConvShape[]
  /** Channels of the block's output, divided by the width of its stage. */
  readonly expansion: number
  /** The fields of an architecture that this kind of block uses, among those that some kinds ignore. */
  readonly honours: readonly ('groups' | 'widthPerGroup' | 'strideIn')[]
}

/** Two 3x3 convolutions. */
function basic({ width, outputs, stride }: BlockShape): ConvShape[] {
  return [
    { filters: width, kernel: 3, stride },
    { filters: outputs, kernel: 3 },
  ]
}

/** A 3x3 convolution between two 1x1 convolutions, with fewer channels in the middle. */
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

/** The kinds of blocks, by their names in architectures. */
const KINDS = {
  basic: { branch: basic, expansion: 1, honours: [] },
  bottleneck: { branch: bottleneck, expansion: 4, honours: ['groups', 'widthPerGroup', 'strideIn'] },
} satisfies Readonly<Record<string, BlockKind>>

/** `basic`: two 3x3 convolutions. `bottleneck`: 1x1, 3x3 and 1x1 convolutions with a narrower middle. */
export type Block = keyof typeof KINDS

export const BLOCKS: Readonly<Record<Block, BlockKind>> = KINDS

/** Whether an architecture can choose which convolution of such a block strides. */
export const hasStridePlaces = (block: Block): boolean => BLOCKS[block].honours.includes('strideIn')

/** The convolutions in each residual branch of a stage. */
export function branchOf(arch: Architecture, stage: number, stride: number): readonly ConvShape[] {
  const { branch, expansion } = BLOCKS[arch.block]
  const width = arch.widths[stage]
  return branch({ width, outputs: width * expansion, stride, arch })
}

/** The depth of an architecture as in its name: the layers with weights in stem, residual branches and classifier. */
export function depthOf(arch: Architecture): number {
  return arch.layers.reduce((sum, count, stage) => sum + count * branchOf(arch, stage, 1).length, 2)
}

/** A block in the graph of a network: H(x) = F(x) + x, followed by a ReLU unless pre-activated. */
export interface ResidualBlock {
  /** Path of its parameters, such as `layer1.0`. */
  readonly name: string
  /** Number of its stage, counted from 0. */
  readonly stage: number
  /** x, `[n, h, w, c]`. */
  readonly input: Tensor
  /** F(x), in the form in which it is added. */
  readonly branch: Tensor
  /** The shortcut's output, which is added to F(x); undefined in a plain network. */
  readonly shortcut: Tensor | undefined
  /** The sum of F(x) and the shortcut, before the ReLU if there is one; undefined in a plain network. */
  readonly sum: Tensor | undefined
  /** H(x), the input of the next block or of the linear layers before it. */
  readonly output: Tensor
  /**
   * Path of the layer whose weight scales F(x): its last batch norm, or its last convolution if that comes after it.
   */
  readonly scaledBy: string
}

/** Everything that a block is built from, except its input. */
interface BlockConfig {
  readonly arch: Architecture
  readonly stage: number
  readonly stride: number
  readonly layers: Layers
  /** Factor of F(x), if there is one. */
  readonly scale: Tensor | undefined
}

/** Builds a block of any kind, with its parameters in the scope `s`. */
export function residualBlock(s: Scope, x: Tensor, config: BlockConfig): ResidualBlock {
  const { arch, stage, stride, layers, scale } = config
  const shapes = branchOf(arch, stage, stride)
  const { f, entry } = (arch.preActivation ? activatedBefore : activatedAfter)(s, x, shapes, layers)
  const last = arch.preActivation || arch.norm === 'none' ? 'conv' : 'bn'
  const attended = layers.attend(s, f)
  const branch = scale ? attended.mul(scale) : attended
  const shortcut = shortcutOf(s, x, entry, shapes[shapes.length - 1].filters, config)
  const sum = shortcut && branch.add(shortcut)
  const output = arch.preActivation ? (sum ?? branch) : layers.activate(sum ?? branch)
  const scaledBy = s.at(`${last}${shapes.length}`).prefix
  return { name: s.prefix, stage, input: x, branch, shortcut, sum, output, scaledBy }
}

interface Branch {
  readonly f: Tensor
  /** The input of a projection shortcut. */
  readonly entry: Tensor
}

type BranchBuilder = (s: Scope, x: Tensor, shapes: readonly ConvShape[], layers: Layers) => Branch

/** Convolutions, each followed by its batch norm, with a ReLU between them (He et al. 2015). */
const activatedAfter: BranchBuilder = (s, x, shapes, { conv, norm, activate }) => {
  let f = x
  shapes.forEach((shape, i) => {
    const y = norm(s.at(`bn${i + 1}`), conv(s.at(`conv${i + 1}`), f, shape))
    f = i < shapes.length - 1 ? activate(y) : y
  })
  return { f, entry: x }
}

/** Batch norm and ReLU before each convolution (He et al. 2016). A projection reads the output of the first ReLU. */
const activatedBefore: BranchBuilder = (s, x, shapes, { conv, norm, activate }) => {
  let [f, entry] = [x, x]
  shapes.forEach((shape, i) => {
    const a = activate(norm(s.at(`bn${i + 1}`), f))
    if (i === 0) entry = a
    f = conv(s.at(`conv${i + 1}`), a, shape)
  })
  return { f, entry }
}

/** The path around the residual branch. With pre-activation, a projection has no batch norm. */
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
