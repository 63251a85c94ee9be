import type { Architecture } from '@residual/resnet'
import type { Augmentation, RandomResizedCrop } from '@residual/vision'
import { RecipeError } from '../errors.ts'
import { INITIALIZATIONS, type Initialization } from '../initialize.ts'
import { boolean, byKind, type Check, list, number, oneOf, optional, or, record, rising, whole } from './check.ts'

/** An optimiser and its settings; what is left out in a file has the default of the function of that name. */
export type OptimizerRecipe =
  | {
      readonly kind: 'sgd'
      readonly momentum: number
      readonly nesterov: boolean
      readonly weightDecay: number
      readonly decoupled: boolean
      readonly decayNorms: boolean
    }
  | {
      readonly kind: 'adamw'
      readonly beta1: number
      readonly beta2: number
      readonly epsilon: number
      readonly weightDecay: number
      readonly decayNorms: boolean
    }
  | { readonly kind: 'lars'; readonly momentum: number; readonly weightDecay: number; readonly trust: number }
  | {
      readonly kind: 'lamb'
      readonly beta1: number
      readonly beta2: number
      readonly epsilon: number
      readonly weightDecay: number
    }

/** What precedes a schedule. */
export interface WarmUpRecipe {
  /** Part of the whole training, 0 to 1; default 0. */
  readonly length: number
  /** The rate that it starts from, default 0. */
  readonly from: number
  /** Stay at `from` rather than rise in a straight line, default false. */
  readonly flat: boolean
}

/** How the learning rate goes; all lengths are parts of the whole training, 0 to 1, so that they fit any number of epochs. */
export type ScheduleRecipe = { readonly rate: number } & (
  | { readonly kind: 'cosine'; readonly final: number; readonly warmUp: WarmUpRecipe }
  | {
      readonly kind: 'step'
      readonly milestones: readonly number[]
      readonly gamma: number
      readonly warmUp: WarmUpRecipe
    }
  | { readonly kind: 'oneCycle'; readonly rise: number; readonly divisor: number; readonly finalDivisor: number }
  | { readonly kind: 'constant'; readonly warmUp: WarmUpRecipe }
)

/** All that says how a network is trained, beside the network and the data. */
export interface Recipe {
  /** Length of the training in passes over the data. Either this or `steps`. */
  readonly epochs?: number
  /** Length of the training in updates. */
  readonly steps?: number
  /** Images in a batch, default 128. */
  readonly batch: number
  /** Batches to an update, default 1. */
  readonly accumulate: number
  readonly optimizer: OptimizerRecipe
  readonly schedule: ScheduleRecipe
  /** Largest common length of all gradients; not limited unless stated. */
  readonly clip?: number
  /** Decay of the exponential moving average of the weights; none unless stated. */
  readonly ema?: number
  /** Part of the target that goes to all classes alike, default 0. */
  readonly labelSmoothing: number
  /** Probability of leaving out the last block, which falls in a straight line to that of the first; default 0. */
  readonly stochasticDepth: number
  /** Let every block start as the identity, as `InitializeOptions` says; default false. */
  readonly zeroInitResidual: boolean
  /** How the first weights are drawn; default kaiming. */
  readonly initialization: Initialization
  /**
   * What the learning rate is multiplied by for every stage further from the classifier, default 1: below 1 layers that
   * have learned before change less.
   */
  readonly layerRate: number
  /** How images are changed at random. CIFAR's are padded, cropped and flipped unless stated, others cropped at random. */
  readonly augmentation: Augmentation
}

/** A recipe as people write it: what is left out has its default. */
export type RecipeInput = Loose<Recipe>

/** With every key optional, all the way down. */
type Loose<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [Key in keyof T]?: Loose<T[Key]> } : T

const fraction = number(0, 1)
const positive = number(0, Number.POSITIVE_INFINITY)

const optimizers = byKind<OptimizerRecipe>({
  sgd: record({
    kind: oneOf('sgd'),
    momentum: or(0.9, fraction),
    nesterov: or(false, boolean),
    weightDecay: or(1e-4, positive),
    decoupled: or(false, boolean),
    decayNorms: or(true, boolean),
  }),
  adamw: record({
    kind: oneOf('adamw'),
    beta1: or(0.9, fraction),
    beta2: or(0.999, fraction),
    epsilon: or(1e-8, positive),
    weightDecay: or(0.01, positive),
    decayNorms: or(true, boolean),
  }),
  lars: record({
    kind: oneOf('lars'),
    momentum: or(0.9, fraction),
    weightDecay: or(1e-4, positive),
    trust: or(0.001, positive),
  }),
  lamb: record({
    kind: oneOf('lamb'),
    beta1: or(0.9, fraction),
    beta2: or(0.999, fraction),
    epsilon: or(1e-6, positive),
    weightDecay: or(0.01, positive),
  }),
})

const rate = or(0.1, positive)
const every = {
  rate,
  warmUp: record<WarmUpRecipe>({ length: or(0, fraction), from: or(0, positive), flat: or(false, boolean) }),
}

const schedules = byKind<ScheduleRecipe>({
  cosine: record({ kind: oneOf('cosine'), ...every, final: or(0, positive) }),
  step: record({
    kind: oneOf('step'),
    ...every,
    milestones: or<readonly number[]>([0.5, 0.75], rising(fraction)),
    gamma: or(0.1, fraction),
  }),
  oneCycle: record({
    kind: oneOf('oneCycle'),
    rate,
    rise: or(0.3, fraction),
    divisor: or(25, number(1, Number.POSITIVE_INFINITY)),
    finalDivisor: or(1e4, number(1, Number.POSITIVE_INFINITY)),
  }),
  constant: record({ kind: oneOf('constant'), ...every }),
})

const pair: Check<readonly [number, number]> = (value, place) => {
  const [least, most] = list(positive, 2)(value, place)
  return [least, most]
}

const augmentations = record<Augmentation>({
  randomResizedCrop: (value, place) =>
    value === undefined || typeof value === 'boolean'
      ? value
      : record<RandomResizedCrop>({ scale: optional(pair), ratio: optional(pair) })(value, place),
  padAndCrop: optional(whole(0, 4096)),
  flip: optional(boolean),
  cutout: optional(whole(0, 4096)),
  mixup: optional(positive),
  cutmix: optional(positive),
})

/** More than any training here takes, and few enough to count exactly. */
const MOST = 1_000_000_000

const recipeOf = (arch: Architecture): Check<Recipe> =>
  record<Recipe>({
    epochs: optional(whole(1, MOST)),
    steps: optional(whole(1, MOST)),
    batch: or(128, whole(1, 65_536)),
    accumulate: or(1, whole(1, 65_536)),
    optimizer: optimizers,
    schedule: schedules,
    clip: optional(positive),
    ema: optional(fraction),
    labelSmoothing: or(0, fraction),
    stochasticDepth: or(0, fraction),
    zeroInitResidual: or(false, boolean),
    initialization: or('kaiming', oneOf(...INITIALIZATIONS)),
    layerRate: or(1, fraction),
    augmentation: or(usualAugmentation(arch), augmentations),
  })

/** How images are changed where a recipe does not say it: as for CIFAR, or as for ImageNet. */
export const usualAugmentation = ({ family }: Architecture): Augmentation =>
  family === 'cifar' ? { padAndCrop: 4, flip: true } : { randomResizedCrop: true, flip: true }

/**
 * Checks a recipe and fills in what it leaves out.
 * @param source what errors call it, such as the name of its file.
 * @throws RecipeError for an unknown key, a value out of its range, and where the length is not stated once.
 */
export function readRecipe(value: unknown, arch: Architecture, source = 'recipe'): Recipe {
  const recipe = recipeOf(arch)(value, { source, path: '' })
  if ((recipe.epochs === undefined) === (recipe.steps === undefined)) {
    const got = recipe.epochs === undefined ? 'neither' : 'both'
    throw new RecipeError(`${source}: got ${got} of epochs and steps, wanted one of them`)
  }
  return recipe
}
