import { ArchitectureError } from '@residual/core'
import { hasStridePlaces } from './blocks.ts'
import { nearest } from './nearest.ts'
import { type Architecture, differingFields, type Row, type Shortcut } from './row.ts'

// Only this file gives names a meaning: presets are rows, and each suffix overwrites fields of a row.

const imagenet = (block: Row['block'], layers: readonly number[], changes: Partial<Row> = {}): Row => ({
  family: 'imagenet',
  stem: { kernel: 7, stride: 2, width: 64, pool: 'max' },
  block,
  layers,
  widths: [64, 128, 256, 512],
  groups: 1,
  widthPerGroup: 64,
  shortcut: 'B',
  strideIn: '3x3',
  preActivation: false,
  norm: 'batch',
  activation: 'relu',
  attention: 'none',
  pooling: 'average',
  linear: 0,
  inputSize: 224,
  classes: 1000,
  ...changes,
})

const cifar = (blocks: number, changes: Partial<Row> = {}): Row => ({
  family: 'cifar',
  stem: { kernel: 3, stride: 1, width: 16, pool: 'none' },
  block: 'basic',
  layers: [blocks, blocks, blocks],
  widths: [16, 32, 64],
  groups: 1,
  widthPerGroup: 64,
  shortcut: 'A',
  strideIn: '3x3',
  preActivation: false,
  norm: 'batch',
  activation: 'relu',
  attention: 'none',
  pooling: 'average',
  linear: 0,
  inputSize: 32,
  classes: 10,
  ...changes,
})

/**
 * The ImageNet networks of He et al. 2015 (table 1), Xie et al. 2017 (ResNeXt) and Zagoruyko and Komodakis 2016 (wide),
 * under torchvision's names, and of Hu et al. 2018 (squeeze-and-excitation), under timm's.
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
  seresnet18: imagenet('basic', [2, 2, 2, 2], { attention: 'se' }),
  seresnet34: imagenet('basic', [3, 4, 6, 3], { attention: 'se' }),
  seresnet50: imagenet('bottleneck', [3, 4, 6, 3], { attention: 'se' }),
  seresnet101: imagenet('bottleneck', [3, 4, 23, 3], { attention: 'se' }),
  seresnet152: imagenet('bottleneck', [3, 8, 36, 3], { attention: 'se' }),
  wide_resnet50_2: imagenet('bottleneck', [3, 4, 6, 3], { widthPerGroup: 128 }),
  wide_resnet101_2: imagenet('bottleneck', [3, 4, 23, 3], { widthPerGroup: 128 }),
}

/** The kinds of CIFAR networks, each with the fields in which it differs from a residual network. */
const CIFAR_KINDS: Readonly<Record<string, Partial<Row>>> = {
  resnet: {},
  plain: { shortcut: 'none' },
  seresnet: { attention: 'se' },
}

/** Depths of the CIFAR networks in the paper. Networks of any other depth 6n+2 exist too. */
const CIFAR_DEPTHS = [20, 32, 44, 56, 110, 1202]

/** Depths that refer to an ImageNet network in a name without `cifar_`, although two of them are 6n+2. */
const IMAGENET_DEPTHS = new Set(Object.keys(IMAGENET).flatMap(name => /^(?:resnet|plain)(\d+)$/.exec(name)?.[1] ?? []))

/** Deep enough for any published network, small enough that a mistyped name does not build for minutes. */
const MAX_DEPTH = 2000

const MAX_NAME_LENGTH = 40

/** A suffix: the text after an underscore in a name. */
interface Suffix {
  /** The property that it states. A name can state a property only once. */
  readonly what: string
  /** A regular expression that matches its text. */
  readonly pattern: string
  /** Whether plain networks can have it. */
  readonly suitsPlain: boolean
  /** The fields that it overwrites. */
  fields(text: string): Partial<Row>
  /** Its text in the name of `row`; undefined if its fields are the same as in the base. */
  textOf(row: Row, base: Row): string | undefined
}

/** All suffixes, in the order of canonical names. */
const SUFFIXES: readonly Suffix[] = [
  {
    what: 'shortcut',
    pattern: '[abc]',
    suitsPlain: false,
    fields: text => ({ shortcut: text.toUpperCase() as Shortcut }),
    textOf: ({ shortcut }, base) => (shortcut === base.shortcut ? undefined : shortcut.toLowerCase()),
  },
  {
    what: 'version',
    pattern: 'v1|v2',
    suitsPlain: false,
    fields: text => (text === 'v1' ? { strideIn: '1x1' } : { preActivation: true }),
    textOf({ strideIn, preActivation, block }, base) {
      if (preActivation !== base.preActivation) return 'v2'
      return strideIn === base.strideIn || !hasStridePlaces(block) ? undefined : 'v1'
    },
  },
  {
    what: 'norm',
    pattern: 'nobn',
    suitsPlain: true,
    fields: () => ({ norm: 'none' }),
    textOf: ({ norm }, base) => (norm === base.norm ? undefined : 'nobn'),
  },
  {
    what: 'activation',
    pattern: 'silu',
    suitsPlain: true,
    fields: () => ({ activation: 'silu' }),
    textOf: ({ activation }, base) => (activation === base.activation ? undefined : activation),
  },
  {
    what: 'pooling',
    pattern: 'maxpool',
    suitsPlain: true,
    fields: () => ({ pooling: 'max' }),
    textOf: ({ pooling }, base) => (pooling === base.pooling ? undefined : 'maxpool'),
  },
  {
    what: 'number of linear layers',
    pattern: 'linear[1-9]\\d{0,3}',
    suitsPlain: true,
    fields: text => ({ linear: Number(text.slice('linear'.length)) }),
    textOf: ({ linear }, base) => (linear === base.linear ? undefined : `linear${linear}`),
  },
]

const SUFFIX = new RegExp(`^(.+)_(${SUFFIXES.map(({ pattern }) => pattern).join('|')})$`)

/** Lists the names of all ImageNet networks and of the paper's CIFAR networks, without suffixes. */
export function architectureNames(): string[] {
  const cifarNames = ['resnet', 'plain'].flatMap(kind => CIFAR_DEPTHS.map(depth => `${kind}${depth}`))
  return [...Object.keys(IMAGENET), ...cifarNames]
}

/**
 * Returns the architecture with a given name. A name is a base such as `resnet50`, `plain20`, `seresnet50` or
 * `cifar_resnet50`, followed by any of these suffixes:
 *
 * - `_a`, `_b` or `_c`: the shortcut; by default A in CIFAR networks and B in ImageNet networks
 * - `_v1`: bottlenecks stride in their first 1x1 convolution, as in the paper; by default they stride in the 3x3
 *   convolution, as in torchvision (v1.5)
 * - `_v2`: pre-activation
 * - `_nobn`: no batch norms, but convolutions with biases, as before Ioffe and Szegedy 2015
 * - `_silu`: SiLU instead of ReLU
 * - `_maxpool`: max pooling instead of average pooling before the classifier
 * - `_linear36`: 36 linear layers after the blocks, see {@link Architecture.linear}
 *
 * Without `cifar_`, a depth of 18, 34, 50, 101 or 152 refers to the ImageNet network, and any other depth 6n+2 to the
 * CIFAR network.
 *
 * @throws ArchitectureError if there is no such architecture; the message has the nearest names.
 */
export function architecture(name: string): Architecture {
  // A name may come from a file, so a long one is not split into suffixes.
  if (name.length > MAX_NAME_LENGTH) throw unknownArchitecture(name)
  const suffixes: string[] = []
  let base = name
  for (let match = SUFFIX.exec(base); match; match = SUFFIX.exec(base)) {
    base = match[1]
    suffixes.unshift(match[2])
  }
  const found = baseOf(base)
  if (!found) throw unknownArchitecture(name)
  return withSuffixes(found, suffixes)
}

/** A row and its canonical name, without suffixes. */
interface Base {
  readonly name: string
  readonly row: Row
}

function baseOf(name: string): Base | undefined {
  if (Object.hasOwn(IMAGENET, name)) return { name, row: IMAGENET[name] }
  const match = /^(cifar_)?([a-z]+)([1-9]\d{0,3})$/.exec(name)
  if (!match || !Object.hasOwn(CIFAR_KINDS, match[2])) return undefined
  const [, exact, kind, depth] = match
  const blocks = (Number(depth) - 2) / 6
  if (!Number.isInteger(blocks) || blocks < 1 || Number(depth) > MAX_DEPTH) return undefined
  const isAmbiguous = IMAGENET_DEPTHS.has(depth)
  if (isAmbiguous && !exact) return undefined
  return { name: isAmbiguous ? name : `${kind}${depth}`, row: cifar(blocks, CIFAR_KINDS[kind]) }
}

/** The bases with these numbers of blocks in their stages, residual ones first. */
function basesWith(layers: readonly number[]): Base[] {
  const depth = 6 * layers[0] + 2
  const names = [...Object.keys(IMAGENET), ...Object.keys(CIFAR_KINDS).map(kind => `cifar_${kind}${depth}`)]
  return names.flatMap(name => baseOf(name) ?? []).filter(({ row }) => `${row.layers}` === `${layers}`)
}

/** The rows of all names without suffixes with these numbers of blocks in their stages, residual ones first. */
export function presets(layers: readonly number[]): Row[] {
  return basesWith(layers).map(({ row }) => row)
}

function withSuffixes({ name: base, row }: Base, suffixes: readonly string[]): Architecture {
  const given = SUFFIXES.map(suffix => ({
    ...suffix,
    texts: suffixes.filter(text => new RegExp(`^(${suffix.pattern})$`).test(text)),
  }))
  for (const { what, texts } of given) {
    if (texts.length > 1) throw new ArchitectureError(`${base}: state one ${what}, not _${texts.join(' and _')}`)
  }
  const unsuited = given.find(({ suitsPlain, texts }) => !suitsPlain && texts.length > 0)
  if (row.shortcut === 'none' && unsuited) {
    throw new ArchitectureError(
      `${base}_${unsuited.texts[0]}: a plain network has no shortcuts and takes no suffix but _nobn, _silu, _maxpool and _linear; write ${base}`,
    )
  }
  if (suffixes.includes('v1') && !hasStridePlaces(row.block)) {
    throw new ArchitectureError(`${base}_v1: only bottleneck blocks have a v1 stride placement; write ${base}`)
  }
  return named(Object.assign({}, row, ...given.flatMap(({ fields, texts }) => texts.map(fields))))
}

/** The canonical name of a row, for any number of classes and any input size; undefined if it has none. */
function nameOf(row: Row): string | undefined {
  const suffixes = SUFFIXES.filter(({ suitsPlain }) => suitsPlain || row.shortcut !== 'none')
  for (const base of basesWith(row.layers)) {
    const used = suffixes.flatMap(({ textOf, fields }) => {
      const text = textOf(row, base.row)
      return text === undefined ? [] : [{ text, changes: fields(text) }]
    })
    const meant: Row = Object.assign({}, base.row, ...used.map(({ changes }) => changes))
    if (differingFields(row, meant).length === 0) return [base.name, ...used.map(({ text }) => text)].join('_')
  }
  return undefined
}

/**
 * Gives a row its canonical name. A row without one gets a label with the number of blocks in each stage, such as
 * `resnet-2-1-1`.
 */
export function named(row: Row): Architecture {
  const label = `${row.shortcut === 'none' ? 'plain' : 'resnet'}-${row.layers.join('-')}`
  return Object.assign({ name: '' }, row, { name: nameOf(row) ?? label })
}

/**
 * Returns the residual or plain network with a given number of layers, with some fields overwritten. It is the CIFAR
 * network if the number is 6n+2, otherwise the ImageNet network.
 * @throws ArchitectureError if there is no network of this depth.
 */
export function architectureOfDepth(kind: 'resnet' | 'plain', depth: number, changes: Partial<Row> = {}): Architecture {
  const isCifar = depth > 2 && (depth - 2) % 6 === 0
  return named({ ...architecture(`${isCifar ? 'cifar_' : ''}${kind}${depth}`), ...changes })
}

/**
 * Returns the same architecture with another depth: `resnet56_v2` for `resnet20_v2` and 56.
 * @throws ArchitectureError if the row has no name, or if there is no architecture with the new name.
 */
export function atDepth(row: Row, depth: number): Architecture {
  const name = nameOf(row)
  if (name === undefined) {
    throw new ArchitectureError(
      `${named(row).name} is the label of a row, and a depth does not determine its layers; state the layers`,
    )
  }
  const [, kind, suffixes] = /^(?:cifar_)?([a-z]+(?:_[a-z]+)*)\d+(.*)$/.exec(name)!
  return architecture(`${row.family === 'cifar' ? 'cifar_' : ''}${kind}${depth}${suffixes}`)
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
