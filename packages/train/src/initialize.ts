import { graphOf, input, type Parameters, sizeOf } from '@residual/core'
import { boolean, checkOptions, type Declared, oneOf, options, whole } from '@residual/core/schema'
import { type Architecture, resnet } from '@residual/resnet'
import { Random } from '@residual/vision'

export interface InitializeOptions {
  /** Another seed gives other weights; default 0. */
  readonly seed?: number
  /**
   * Let every block start as the identity; default false. The gamma of its last batch norm is set to 0 (Goyal et al.
   * 2017). If the block does not end in a batch norm, as in pre-activation networks and networks without batch norms,
   * the weights of its last convolution are set to 0. Plain networks are not affected.
   */
  readonly zeroInitResidual?: boolean
  /** How the weights are drawn, default kaiming. */
  readonly initialization?: Initialization
}

/**
 * How the weights of a layer are drawn:
 *
 * - `kaiming`: convolutions from a normal distribution of variance 2 / fan-out, which keeps the gradient's size through
 *   layers of ReLU (He et al. 2015, "Delving Deep into Rectifiers"), and the classifier uniformly within 1 /
 *   sqrt(fan-in), as torchvision does
 * - `xavier`: all weights uniformly within sqrt(6 / (fan-in + fan-out)), of variance 2 / (fan-in + fan-out), which is
 *   right for layers without ReLU (Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward
 *   neural networks")
 * - `gaussian`: all weights from a normal distribution of standard deviation 0.01, whatever the layer's size
 *   (Krizhevsky et al. 2012, "ImageNet Classification with Deep Convolutional Neural Networks"), the usual way before
 *   the other two
 */
export type Initialization = 'kaiming' | 'xavier' | 'gaussian'

/** All initializations, the default first. */
export const INITIALIZATIONS: readonly Initialization[] = ['kaiming', 'xavier', 'gaussian']

/** How a recipe starts a network. */
export const initializing = {
  zeroInitResidual: boolean.default(false).help('blocks start as the identity'),
  initialization: oneOf(...INITIALIZATIONS)
    .default('kaiming')
    .help('how weights are drawn'),
}

const declared = options({
  seed: whole(0, Number.MAX_SAFE_INTEGER).default(0),
  ...initializing,
} satisfies Declared<InitializeOptions>)

/**
 * Draws the weights to start a training from, by default as torchvision does; see {@link Initialization}. The biases of
 * convolutions are 0, batch norms scale by 1 and shift by 0, running means are 0 and running variances 1. The weights
 * of a layer depend only on the seed, its name and its shape.
 * @throws ResidualError if an option is unknown or invalid.
 */
export function initialParameters(arch: Architecture, given: InitializeOptions = {}): Parameters {
  const { seed, zeroInitResidual, initialization } = checkOptions('initialParameters', given, declared)
  const side = arch.inputSize
  const { logits, blocks } = resnet(arch, input('images', [1, side, side, 3]))
  const { parameters } = graphOf([logits])
  const begunAsIdentity = zeroInitResidual ? blocks.filter(({ shortcut }) => shortcut) : []
  const zeros = new Set(begunAsIdentity.map(({ scaledBy }) => `${scaledBy}.weight`))
  const features = parameters.find(({ attributes }) => attributes.name === 'fc.weight')!.shape[1]
  return new Map(
    parameters.map(({ attributes: { name }, shape }) => {
      const values = new Float32Array(sizeOf(shape))
      const random = new Random(seed).fork('initialize', name)
      if (zeros.has(name)) return [name, values]
      const isTorchBias = name === 'fc.bias' && initialization === 'kaiming'
      const draw = isTorchBias ? uniform(Math.sqrt(features)) : shape.length > 1 && DRAWS[initialization](shape)
      if (draw) return [name, values.map(() => draw(random))]
      return [name, values.fill(name.endsWith('.weight') || name.endsWith('.running_var') ? 1 : 0)]
    }),
  )
}

type Draw = (random: Random) => number

const normal =
  (deviation: number): Draw =>
  random =>
    deviation * random.normal()

/** Uniform between -1 / root and 1 / root. */
const uniform =
  (root: number): Draw =>
  random =>
    (2 * random.uniform() - 1) / root

/** Ways to draw a weight of shape `[out, in / groups, height, width]` or `[out, in]`. */
const DRAWS: Readonly<Record<Initialization, (shape: readonly number[]) => Draw>> = {
  kaiming: shape => (shape.length === 2 ? uniform(Math.sqrt(shape[1])) : normal(Math.sqrt(2 / fanOut(shape)))),
  xavier: shape => uniform(Math.sqrt((fanIn(shape) + fanOut(shape)) / 6)),
  gaussian: () => normal(0.01),
}

const fanIn = ([, inputs, ...taps]: readonly number[]): number => inputs * sizeOf(taps)
const fanOut = ([outputs, , ...taps]: readonly number[]): number => outputs * sizeOf(taps)
