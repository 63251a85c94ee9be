import { type CompileOptions, compile, input, moments, type Parameters, type Tensor } from '@residual/core'
import {
  ACTIVATIONS,
  type Architecture,
  atDepth,
  blockNames,
  depthOf,
  differingFields,
  linearNames,
  Model,
  ModelError,
  named,
  parametersOf,
  placeOf,
  resnet,
  stageName,
} from '@residual/resnet'
import { initialParameters } from '@residual/train'

/** Where new blocks go: spread over each stage, after its last block, or after the blocks of these names. */
export type Places = 'even' | 'end' | readonly string[]

export interface DeepenOptions extends CompileOptions {
  /** Layers of the new network, as names count them: 56 for ResNet-56, and for ResNet-20 with 36 linear layers. */
  readonly depth?: number
  /** Blocks in each stage of the new network, instead of `depth`. */
  readonly layers?: readonly number[]
  /** Whether to add linear layers after the blocks of each stage instead of blocks; default false. */
  readonly linear?: boolean
  /**
   * Where new blocks go, default even. The new blocks of a stage are divided evenly among its places; the first places
   * get the remainder.
   */
  readonly at?: Places
  /** Seed of the new weights that can have any value; default 0. */
  readonly seed?: number
  /**
   * Normalised images `[n, side, side, 3]`, used for plain networks only. Each new batch norm takes the statistics that
   * these images have at its place, so that it stays close to the identity during training too, when batch norms use
   * the statistics of the batch. By default the mean is 0 and the variance 1, which is the identity only in inference.
   */
  readonly images?: { readonly images: Float32Array; readonly n: number }
}

/** A deepened network. */
export interface Deepened {
  readonly model: Model
  /** The new blocks or linear layers, by their names in the new network. */
  readonly added: readonly string[]
}

/**
 * The solution by construction of He et al. 2015 (section 1): a deeper network that gives the same logits as a trained
 * one. It consists of the old layers and of new ones that do nothing but can be trained.
 *
 * In a residual network, F(x) of a new block is exactly 0: the gammas of its last batch norm are 0, or the weights of
 * its last convolution where no batch norm comes last. The other weights are fresh, and the zeros have gradients, so
 * training moves them. In a plain network, the convolutions of a new block are the identity, and its batch norms scale
 * by exactly 1 and shift by 0 in float32; the ReLU passes on values that are not negative. The logits of a plain
 * network may still differ by the rounding of its convolutions, because Winograd's algorithm does not multiply by the
 * weights themselves.
 *
 * New blocks come after old ones of their stage and keep the shape. Old blocks after them get higher numbers.
 *
 * Linear layers begin as the identity in every network: each channel is exactly 1 times itself. In a pre-activation
 * network the next batch norm is folded into them, which rounds their weights.
 *
 * @throws ModelError for a depth, layers or places that this network cannot be deepened to; ArchitectureError for a
 *   depth that names no network.
 */
export async function deepen(model: Model, options: DeepenOptions): Promise<Deepened> {
  const { depth, layers, linear, at, seed = 0, images, ...compileOptions } = options
  if (linear) {
    if (at !== undefined) throw new ModelError('linear layers come after the blocks of each stage; omit the places')
    if (depth === undefined) throw new ModelError('the depth decides how many linear layers are added; give a depth')
    return withLinearLayers(model, depth, compileOptions)
  }
  const from = model.architecture
  const arch = deeperArchitecture(from, { depth, layers })
  const sources = sourcesOf(from, arch, at ?? 'even')
  const fresh = initialParameters(arch, { seed, zeroInitResidual: true })
  const statistics =
    from.shortcut === 'none' && images ? await statisticsOf(model, images, compileOptions) : new Map<string, Channels>()
  const added: string[] = []
  const parameters = new Map(fresh)
  const given = await model.readParameters()
  for (const [name, values] of given) if (!placeOf(name)?.block) parameters.set(name, values)
  for (const { name, source, after } of sources) {
    const old = new Map([...given].filter(([key]) => key.startsWith(`${source}.`)))
    for (const [key, values] of old) parameters.set(`${name}${key.slice(source!.length)}`, values)
    if (source) continue
    added.push(name)
    // In residual networks this replaces only the projections of shortcut C.
    for (const [key, values] of identityOf(name, arch, fresh, statistics.get(after))) parameters.set(key, values)
  }
  return { model: deeperModel(model, arch, parameters, compileOptions), added }
}

function deeperModel(
  { labels, preprocessing }: Model,
  arch: Architecture,
  parameters: Parameters,
  options: CompileOptions,
): Model {
  return new Model({ name: arch.name, architecture: arch, labels, preprocessing, parameters }, options)
}

async function withLinearLayers(model: Model, depth: number, options: CompileOptions): Promise<Deepened> {
  const from = model.architecture
  const layers = depthOf(from)
  if (depth <= layers + from.linear) {
    throw new ModelError(`${from.name} has ${layers + from.linear} layers already; give a larger depth than ${depth}`)
  }
  const arch = named({ ...from, linear: depth - layers })
  const parameters = await model.readParameters()
  const added = linearNames(arch)
    .flat()
    .filter(name => !parameters.has(`${name}.weight`))
  for (const { attributes, shape } of parametersOf(arch)) {
    if (parameters.has(attributes.name)) continue
    const [channels] = shape
    parameters.set(attributes.name, shape.length > 1 ? identityKernels(channels, 1) : new Float32Array(channels))
  }
  return { model: deeperModel(model, arch, parameters, options), added }
}

/** Weights `[channels, channels, side, side]` of a convolution that changes nothing; `taps` is side times side. */
function identityKernels(channels: number, taps: number): Float32Array {
  const weights = new Float32Array(channels * channels * taps)
  for (let c = 0; c < channels; c++) weights[(c * channels + c) * taps + (taps >> 1)] = 1
  return weights
}

/** The architecture with another depth, or with other numbers of blocks, and nothing else changed. */
function deeperArchitecture(
  from: Architecture,
  { depth, layers }: Pick<DeepenOptions, 'depth' | 'layers'>,
): Architecture {
  if ((depth === undefined) === (layers === undefined)) {
    throw new ModelError(
      `got ${depth === undefined ? 'neither depth nor' : 'both depth and'} layers, wanted one of them`,
    )
  }
  if (layers && layers.length !== from.layers.length) {
    throw new ModelError(
      `got layers [${layers.join(', ')}], wanted ${from.layers.length} numbers, one for each stage of ${from.name}`,
    )
  }
  const arch = layers ? named({ ...from, layers }) : atDepth(from, depth!)
  const difference = differingFields(arch, from).find(key => key !== 'layers')
  if (difference) {
    throw new ModelError(`${arch.name} is not a deeper ${from.name}: its ${difference} is ${arch[difference]}`)
  }
  const isDeeper = arch.layers.every((count, stage) => Number.isInteger(count) && count >= from.layers[stage])
  if (!isDeeper || `${arch.layers}` === `${from.layers}`) {
    const stages = `[${arch.layers.join(', ')}] blocks, ${from.name} has [${from.layers.join(', ')}]`
    throw new ModelError(`${arch.name} is not deeper than ${from.name}: it has ${stages}; give a larger depth`)
  }
  const reason = hindrance(from)
  if (reason) throw new ModelError(`${from.name} cannot have a block that does nothing: ${reason}`)
  return { ...arch, classes: from.classes }
}

/** Why no block of an architecture can do nothing; undefined if one can. */
function hindrance({ preActivation, shortcut, block, activation, attention }: Architecture): string | undefined {
  if (preActivation && shortcut === 'C') return 'its shortcuts project what an activation has changed'
  if (!preActivation && !ACTIVATIONS[activation].isIdempotent) return `the ${activation} after it changes its input`
  if (shortcut !== 'none') return undefined
  if (preActivation) return 'it has no shortcut, and its activation comes first'
  if (attention !== 'none') return 'it has no shortcut, and its attention scales the channels'
  return block === 'basic' ? undefined : 'it has no shortcut, and its middle is narrower than its input'
}

/** A block of the deeper network. */
interface Source {
  readonly name: string
  /** The block of the old network that it copies; undefined for a new block. */
  readonly source: string | undefined
  /** The block of the old network that it copies or comes after. */
  readonly after: string
}

function sourcesOf(from: Architecture, to: Architecture, at: Places): Source[] {
  if (typeof at !== 'string') checkPlaces(from, to, at)
  const names = blockNames(to)
  return blockNames(from).flatMap((blocks, stage) => {
    const places = at === 'even' ? blocks : at === 'end' ? blocks.slice(-1) : blocks.filter(name => at.includes(name))
    const extra = to.layers[stage] - blocks.length
    const slots = blocks.flatMap(block => {
      const place = places.indexOf(block)
      const more = place < 0 ? 0 : Math.floor(extra / places.length) + (place < extra % places.length ? 1 : 0)
      return [block, ...Array<undefined>(more)].map(source => ({ source, after: block }))
    })
    return slots.map((slot, i) => ({ name: names[stage][i], ...slot }))
  })
}

function checkPlaces(from: Architecture, to: Architecture, at: readonly string[]): void {
  const known = blockNames(from)
  const unknown = at.find(place => !known.flat().includes(place))
  if (unknown !== undefined) {
    const names = `${known[0][0]} to ${known.flat().at(-1)}`
    throw new ModelError(`there is no block ${JSON.stringify(unknown)} in ${from.name}; its blocks are ${names}`)
  }
  known.forEach((blocks, stage) => {
    const extra = to.layers[stage] - blocks.length
    const has = blocks.some(block => at.includes(block))
    if (extra > 0 && !has) {
      throw new ModelError(
        `${to.name} has ${extra} more ${extra === 1 ? 'block' : 'blocks'} in ${stageName(stage)}; name a block there, too`,
      )
    }
    if (extra === 0 && has) {
      throw new ModelError(
        `${to.name} has no more blocks in ${stageName(stage)} than ${from.name}; do not name a block there`,
      )
    }
  })
}

/** Mean and variance of each channel. */
interface Channels {
  readonly mean: Float32Array
  readonly variance: Float32Array
}

/** The parameters that replace fresh ones to make a block the identity. */
function identityOf(
  name: string,
  { shortcut }: Architecture,
  fresh: Parameters,
  statistics: Channels | undefined,
): Map<string, Float32Array> {
  if (shortcut !== 'none' && shortcut !== 'C') return new Map()
  const identity = new Map<string, Float32Array>()
  const layers =
    shortcut === 'none'
      ? [
          ['conv1', 'bn1'],
          ['conv2', 'bn2'],
        ]
      : [['downsample.0', 'downsample.1']]
  for (const [conv, norm] of layers) {
    const weight = fresh.get(`${name}.${conv}.weight`)!
    const taps = conv === 'downsample.0' ? 1 : 9
    const channels = Math.sqrt(weight.length / taps)
    identity.set(`${name}.${conv}.weight`, identityKernels(channels, taps))
    if (!fresh.has(`${name}.${norm}.weight`)) continue
    const { gamma, beta, mean, variance } = exactNorm(channels, statistics)
    identity.set(`${name}.${norm}.weight`, gamma)
    identity.set(`${name}.${norm}.bias`, beta)
    identity.set(`${name}.${norm}.running_mean`, mean)
    identity.set(`${name}.${norm}.running_var`, variance)
  }
  return identity
}

/** The epsilon of `batchNorm` in @residual/core and in PyTorch. */
const EPSILON = 1e-5
/** A channel with less variance counts as dead. */
const LEAST_VARIANCE = 1e-6

/**
 * A batch norm that is the identity: gamma / sqrt(variance + epsilon) rounds to 1 in float32, and beta is the mean.
 * Rounding the variance changes the root by a quarter of what it would take to change that result.
 */
function exactNorm(channels: number, statistics: Channels | undefined) {
  const mean = statistics ? statistics.mean.slice() : new Float32Array(channels)
  const gamma = new Float32Array(channels).map((_, c) => {
    const variance = statistics ? statistics.variance[c] : 0
    return variance < LEAST_VARIANCE ? 1 : Math.sqrt(variance + EPSILON)
  })
  return { gamma, beta: mean.slice(), mean, variance: gamma.map(value => value ** 2 - EPSILON) }
}

/** Statistics of the output of each block of a network. */
async function statisticsOf(
  model: Model,
  { images, n }: NonNullable<DeepenOptions['images']>,
  options: CompileOptions,
): Promise<Map<string, Channels>> {
  const side = Math.sqrt(images.length / n / 3)
  const { blocks } = resnet(model.architecture, input('images', [n, side, side, 3]))
  const outputs: Record<string, Tensor> = {}
  for (const { name, output } of blocks) outputs[name] = moments(output)
  const program = await compile({ outputs, parameters: model.parameters }, options)
  const values = await program.run({ images })
  return new Map(
    Object.entries(values).map(([name, both]) => {
      const half = both.length / 2
      const of = (from: number) => Float32Array.from(both.subarray(from, from + half))
      return [name, { mean: of(0), variance: of(half) }]
    }),
  )
}
