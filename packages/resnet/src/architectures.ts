import { ArchitectureError } from '@residual/core'
import { nearest } from './nearest.ts'

/** The two families of He et al. (2015): 32-pixel networks of three stages and 224-pixel networks of four. */
export type Family = 'cifar' | 'imagenet'

/** Two 3x3 convolutions, or 1x1, 3x3, 1x1 around a narrower middle. */
export type Block = 'basic' | 'bottleneck'

/**
 * What is added to a block's output: `A` the input, subsampled and zero-padded where shapes change; `B` a 1x1
 * projection where shapes change, else the input; `C` a projection everywhere; `none` nothing, a *plain* network.
 */
export type Shortcut = 'A' | 'B' | 'C' | 'none'

/** Everything that tells one network of the family from another. {@link resnet} builds any row. */
export interface Architecture {
  /** The canonical name: {@link architecture} of it gives this row again. */
  readonly name: string
  readonly family: Family
  readonly block: Block
  /** Blocks in each stage. */
  readonly layers: readonly number[]
  /** Channels of the stem and of the first stage's 3x3 convolutions before `widthPerGroup`; doubled by each stage. */
  readonly width: number
  /** Groups of the bottleneck's 3x3 convolution: the cardinality of ResNeXt. */
  readonly groups: number
  /** Channels per group in the first stage's bottlenecks: 64 in ResNet, 4 in ResNeXt-50 32x4d, 128 in wide ones. */
  readonly widthPerGroup: number
  readonly shortcut: Shortcut
  /** Which of a bottleneck's convolutions strides: the first 1x1 (`v1`, the paper) or the 3x3 (`v1.5`, torchvision). */
  readonly strideIn: '1x1' | '3x3'
  /** Batch norm and ReLU before each convolution (He et al. 2016, "v2") instead of after it. */
  readonly preActivation: boolean
  /** What follows each convolution, or precedes it under pre-activation; without any, convolutions have biases. */
  readonly norm: 'batch' | 'none'
  /**
   * Linear layers, 1x1 convolutions without batch norm and ReLU, shared out among the stages, behind the blocks of each:
   * what a network is made deeper by that is to do the same.
   */
  readonly linear: number
  /** Side of the square input in pixels that the network was designed for; others work too. */
  readonly inputSize: number
  /** Classes of the data set that the family was designed for; trained weights may have others. */
  readonly classes: number
}

type Row = Omit<Architecture, 'name'>

const imagenet = (block: Block, layers: readonly number[], changes: Partial<Row> = {}): Row => ({
  family: 'imagenet',
  block,
  layers,
  width: 64,
  groups: 1,
  widthPerGroup: 64,
  shortcut: 'B',
  strideIn: '3x3',
  preActivation: false,
  norm: 'batch',
  linear: 0,
  inputSize: 224,
  classes: 1000,
  ...changes,
})

const cifar = (blocks: number, shortcut: Shortcut): Row => ({
  family: 'cifar',
  block: 'basic',
  layers: [blocks, blocks, blocks],
  width: 16,
  groups: 1,
  widthPerGroup: 64,
  shortcut,
  strideIn: '3x3',
  preActivation: false,
  norm: 'batch',
  linear: 0,
  inputSize: 32,
  classes: 10,
})

/**
 * The ImageNet networks: He et al. 2015 (table 1), Xie et al. 2017 (ResNeXt), Zagoruyko and Komodakis 2016 (wide), as
 * torchvision names them.
 */
const IMAGENET: Readonly<Record<string, Row>> = {
  resnet18: imagenet('basic', [2, 2, 2, 2]),
  resnet34: imagenet('basic', [3, 4, 6, 3]),
  resnet50: imagenet('bottleneck', [3, 4, 6, 3]),
  resnet101: imagenet('bottleneck', [3, 4, 23, 3]),
  resnet152: imagenet('bottleneck', [3, 8, 36, 3]),
  plain18: imagenet('basic', [2, 2, 2, 2], { shortcut: 'none' }),
  plain34: imagenet('basic', [3, 4, 6, 3], { shortcut: 'none' }),
  resnext50_32x4d: imagenet('bottleneck', [3, 4, 6, 3], { groups: 32, widthPerGroup: 4 }),
  resnext101_32x8d: imagenet('bottleneck', [3, 4, 23, 3], { groups: 32, widthPerGroup: 8 }),
  resnext101_64x4d: imagenet('bottleneck', [3, 4, 23, 3], { groups: 64, widthPerGroup: 4 }),
  wide_resnet50_2: imagenet('bottleneck', [3, 4, 6, 3], { widthPerGroup: 128 }),
  wide_resnet101_2: imagenet('bottleneck', [3, 4, 23, 3], { widthPerGroup: 128 }),
}

/** Depths of the CIFAR networks of the paper. Any other 6n+2 is built as well. */
const CIFAR_DEPTHS = [20, 32, 44, 56, 110, 1202]

/** Depths that mean an ImageNet network in a name without `cifar_`, though two of them are 6n+2. */
const IMAGENET_DEPTHS = new Set(['18', '34', '50', '101', '152'])

/** Deep enough for any published network, small enough that a mistyped name does not build for minutes. */
const MAX_DEPTH = 2000

const MAX_NAME_LENGTH = 40

const SUFFIX = /^(.+)_([abc]|v1|v2|nobn|linear[1-9]\d{0,3})$/

/** The names worth listing: every ImageNet network and the CIFAR networks of the paper, without suffixes. */
export function architectureNames(): string[] {
  const cifarNames = ['resnet', 'plain'].flatMap(kind => CIFAR_DEPTHS.map(depth => `${kind}${depth}`))
  return [...Object.keys(IMAGENET), ...cifarNames]
}

/**
 * The architecture of a name: a base such as `resnet50`, `plain20`, `cifar_resnet50`, then any of the suffixes
 * `_a` `_b` `_c` (shortcut; CIFAR networks have A unless said, ImageNet ones B), `_v1` (a bottleneck strides in its
 * first 1x1 as in the paper; otherwise in the 3x3, as torchvision does, known as v1.5) or `_v2` (pre-activation),
 * `_nobn` (no batch norms, but convolutions with biases, as before Ioffe and Szegedy 2015: what these are good for), and
 * `_linear36` (36 linear layers behind the blocks, see {@link Architecture.linear}).
 *
 * Without `cifar_`, a depth of 18, 34, 50, 101 or 152 means the ImageNet network, any other 6n+2 the CIFAR one.
 *
 * @throws ArchitectureError for a name that means none, with the nearest names.
 */
export function architecture(name: string): Architecture {
  // Names come out of files, too: a long one is not taken apart suffix by suffix.
  if (name.length > MAX_NAME_LENGTH) throw unknownArchitecture(name)
  const suffixes: string[] = []
  let base = name
  for (let match = SUFFIX.exec(base); match; match = SUFFIX.exec(base)) {
    base = match[1]
    suffixes.unshift(match[2])
  }
  const found = baseRow(base)
  if (!found) throw unknownArchitecture(name)
  return withSuffixes(found.name, found.row, suffixes)
}

/** A row and its canonical name, without suffixes. */
function baseRow(base: string): { name: string; row: Row } | undefined {
  if (Object.hasOwn(IMAGENET, base)) return { name: base, row: IMAGENET[base] }
  const match = /^(cifar_)?(resnet|plain)([1-9]\d{0,3})$/.exec(base)
  if (!match) return undefined
  const [, exact, kind, depth] = match
  const blocks = (Number(depth) - 2) / 6
  if (!Number.isInteger(blocks) || blocks < 1 || Number(depth) > MAX_DEPTH) return undefined
  const ambiguous = IMAGENET_DEPTHS.has(depth)
  if (ambiguous && !exact) return undefined
  return { name: ambiguous ? base : `${kind}${depth}`, row: cifar(blocks, kind === 'plain' ? 'none' : 'A') }
}

function withSuffixes(base: string, row: Row, suffixes: readonly string[]): Architecture {
  const shortcuts = suffixes.filter(suffix => suffix.length === 1)
  const versions = suffixes.filter(suffix => suffix.length === 2)
  const isBare = suffixes.includes('nobn')
  const linears = suffixes.filter(suffix => suffix.startsWith('linear'))
  const others = [...shortcuts, ...versions]
  const [shortcut, version] = [shortcuts[0]?.toUpperCase() as Shortcut | undefined, versions[0]]
  if (shortcuts.length > 1) throw new ArchitectureError(`${base}: state one shortcut, not _${shortcuts.join(' and _')}`)
  if (versions.length > 1) throw new ArchitectureError(`${base}: state one version, not _${versions.join(' and _')}`)
  if (linears.length > 1) {
    throw new ArchitectureError(`${base}: state one number of linear layers, not _${linears.join(' and _')}`)
  }
  if (row.shortcut === 'none' && others.length > 0) {
    throw new ArchitectureError(
      `${base}_${others[0]}: a plain network has no shortcuts and takes no suffix but _nobn and _linear; write ${base}`,
    )
  }
  if (version === 'v1' && row.block === 'basic') {
    throw new ArchitectureError(`${base}_v1: only bottleneck blocks have a v1 stride placement; write ${base}`)
  }
  const name = [
    base,
    ...(shortcut && shortcut !== row.shortcut ? [shortcut.toLowerCase()] : []),
    ...(version ? [version] : []),
    ...(isBare ? ['nobn'] : []),
    ...linears,
  ].join('_')
  return {
    ...row,
    name,
    shortcut: shortcut ?? row.shortcut,
    strideIn: version === 'v1' ? '1x1' : '3x3',
    preActivation: version === 'v2',
    norm: isBare ? 'none' : 'batch',
    linear: Number(linears[0]?.slice('linear'.length) ?? 0),
  }
}

/** How many of the linear layers of an architecture stand in each stage; the first ones have more. */
export function linearPerStage({ linear, layers: { length } }: Architecture): number[] {
  return Array.from({ length }, (_, stage) => Math.floor(linear / length) + (stage < linear % length ? 1 : 0))
}

function unknownArchitecture(name: string): ArchitectureError {
  const shown = name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}...` : name
  const exact = ['resnet', 'plain'].flatMap(kind => [`cifar_${kind}50`, `cifar_${kind}152`])
  const near = nearest(name, [...architectureNames(), ...exact])
  const depth = /^(cifar_)?(?:resnet|plain)(\d+)$/.exec(name)?.[2]
  const hint = depth && (Number(depth) - 2) % 6 !== 0 ? ' (CIFAR networks have 6n+2 layers)' : ''
  return new ArchitectureError(
    `unknown architecture ${JSON.stringify(shown)}${hint}; the nearest names are ${near.join(', ')}`,
  )
}
