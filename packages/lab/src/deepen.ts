import { type CompileOptions, compile, input, moments, type Parameters, type Tensor } from '@residual/core'
import {
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
  /** Blocks in each stage of the new network, in place of `depth`. */
  readonly layers?: readonly number[]
  /** Add linear layers after the blocks of each stage in place of blocks; default false. */
  readonly linear?: boolean
  /** Where blocks go, default even. New blocks of a stage are shared out among the places of that stage, the first ones getting more. */
  readonly at?: Places
  /** Decides the weights of new blocks that do not have to be what they are; default 0. */
  readonly seed?: number
  /**
   * Normalised images `[n, side, side, 3]`, for plain networks: their new batch norms take the statistics that these
   * have where they stand, so that they stay close to the identity in training as well, where batch norms use those of
   * the batch. Default a mean of 0 and a variance of 1, which is the identity in inference only.
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
 * The solution by construction of He et al. 2015 (section 1): a deeper network that gives the same logits as a trained one.
 * It is made of the old layers and of new ones that do nothing, and the new ones can be trained.
 *
 * In a residual network F(x) of a new block is exactly 0: the gamma of its last batch norm is 0, or the weights of its last
 * convolution where no batch norm comes last. The other weights are fresh, and the zeros have gradients, so training moves
 * them. In a plain network the convolutions of a new block are the identity, and its batch norms scale by exactly 1 and
 * shift by 0 in float32; the ReLU passes on what is not negative. There a program may differ by the rounding of its
 * convolutions: Winograd's algorithm does not multiply by the weights themselves.
 *
 * New blocks come after old ones of their stage and keep the shape. Old blocks after them get higher numbers.
 *
 * Linear layers begin as the identity in every network: each channel is 1 times itself, exactly. In a pre-activation network
 * the batch norm that follows is folded into them and rounds their weights.
 *
 * @throws ModelError for a depth, layers or places that this network cannot be deepened to; ArchitectureError for a depth
 *   that names no network.
 */
export async function deepen(model: Model, options: DeepenOptions): Promise<Deepened> {
  const { depth, layers, linear, at, seed = 0, images, ...compileOptions } = options
  if (linear) {
    if (at !== undefined) throw new ModelError('linear layers stand behind the blocks of each stage; name no places')
    if (depth === undefined) throw new ModelError('linear layers are counted by depth; give a depth')
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
    // Batch norms of the identity; in residual networks only projections of shortcut C are there to be replaced.
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

/** Weights `[channels, channels, side, side]`, with `taps` of side times side, of the convolution that changes nothing. */
function identityKernels(channels: number, taps: number): Float32Array {
  const weights = new Float32Array(channels * channels * taps)
  for (let c = 0; c < channels; c++) weights[(c * channels + c) * taps + (taps >> 1)] = 1
  return weights
}

/** The architecture of another depth, or of other blocks in each stage, that differs in nothing else. */
function deeperArchitecture(
  from: Architecture,
  { depth, layers }: Pick<DeepenOptions, 'depth' | 'layers'>,
): Architecture {
  if ((depth === undefined) === (layers === undefined)) {
    throw new ModelError(`got ${depth === undefined ? 'neither' : 'both'} of depth and layers, wanted one of them`)
  }
  if (layers && layers.length !== from.layers.length) {
    throw new ModelError(
      `got layers [${layers.join(', ')}], wanted ${from.layers.length} numbers, as ${from.name} has stages`,
    )
  }
  const arch = layers ? named({ ...from, layers }) : atDepth(from, depth!)
  const difference = differingFields(arch, from).find(key => key !== 'layers')
  if (difference) {
    throw new ModelError(`${arch.name} is no deeper ${from.name}: its ${difference} is ${arch[difference]}`)
  }
  const isDeeper = arch.layers.every((count, stage) => Number.isInteger(count) && count >= from.layers[stage])
  if (!isDeeper || `${arch.layers}` === `${from.layers}`) {
    const stages = `[${arch.layers.join(', ')}] blocks, ${from.name} has [${from.layers.join(', ')}]`
    throw new ModelError(`${arch.name} is not deeper than ${from.name}: it has ${stages}; give a larger depth`)
  }
  if (from.preActivation && from.shortcut === 'C') {
    throw new ModelError(`${from.name} has no block that does nothing: its shortcuts project what a ReLU has cut off`)
  }
  if (from.shortcut === 'none' && (from.preActivation || from.block !== 'basic')) {
    const why = from.preActivation ? 'a ReLU comes first' : 'the middle is narrower than what it is given'
    throw new ModelError(`${from.name} has no block that does nothing: without a shortcut ${why}`)
  }
  return { ...arch, classes: from.classes }
}

/** A block of the deeper network. */
interface Source {
  readonly name: string
  /** The block of the old network that it is, if any. */
  readonly source: string | undefined
  /** The block of the old network that it is, or comes after. */
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
      const behind = place < 0 ? 0 : Math.floor(extra / places.length) + (place < extra % places.length ? 1 : 0)
      return [block, ...Array<undefined>(behind)].map(source => ({ source, after: block }))
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
      throw new ModelError(`${to.name} has ${extra} blocks more in ${stageName(stage)}; name a block there, too`)
    }
    if (extra === 0 && has) {
      throw new ModelError(
        `${to.name} has no more blocks in ${stageName(stage)} than ${from.name}; name no block there`,
      )
    }
  })
}

/** Mean and variance of each channel. */
interface Channels {
  readonly mean: Float32Array
  readonly variance: Float32Array
}

/** The parameters that make a block the identity, of those that are not fresh. */
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

/** That of `batchNorm` in @residual/core, and of PyTorch. */
const EPSILON = 1e-5
/** A channel of less variance is as good as dead. */
const LEAST_VARIANCE = 1e-6

/**
 * A batch norm that is the identity: gamma / sqrt(variance + epsilon) rounds to 1 in float32, and beta is the mean. The
 * rounding of the variance changes its root by a quarter of what could make that another number.
 */
function exactNorm(channels: number, statistics: Channels | undefined) {
  const mean = statistics ? statistics.mean.slice() : new Float32Array(channels)
  const gamma = new Float32Array(channels).map((_, c) => {
    const variance = statistics ? statistics.variance[c] : 0
    return variance < LEAST_VARIANCE ? 1 : Math.sqrt(variance + EPSILON)
  })
  return { gamma, beta: mean.slice(), mean, variance: gamma.map(value => value ** 2 - EPSILON) }
}

/** Statistics of what each block of a network gives. */
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
