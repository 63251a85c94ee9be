import { VisionError } from '../errors.ts'

/**
 * The random changes to each image whenever it is used in training, applied in the order of these fields. This is plain
 * data, so it can be kept in a JSON file.
 */
export interface Augmentation {
  /**
   * Cuts out a random part and resizes it to `crop` x `crop`, as torchvision's `RandomResizedCrop` does (Szegedy et
   * al., "Going Deeper with Convolutions", 2015). Replaces `resize` and the crop from the middle.
   */
  readonly randomResizedCrop?: boolean | RandomResizedCrop
  /**
   * Pads each side with this many black pixels and crops the original size at a random position: 4 for CIFAR (He et
   * al., "Deep Residual Learning for Image Recognition", 2015).
   */
  readonly padAndCrop?: number
  /** Mirrors half of the images, left to right. */
  readonly flip?: boolean
  /**
   * Covers a square with this many pixels per side with the mean colour. Its centre may be anywhere, so parts of it may
   * lie outside the image (DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout",
   * 2017).
   */
  readonly cutout?: number
  /**
   * Blends each image of a batch, and its target, with another: `l * this + (1 - l) * other`, with `l` drawn for each
   * batch from Beta(alpha, alpha) (Zhang et al., "mixup", 2018). This field is alpha. If `cutmix` is also given, each
   * batch gets one of the two at random.
   */
  readonly mixup?: number
  /**
   * Pastes a rectangle of another image into each image of the batch, and divides the target by area. The rectangle has
   * `1 - l` of the image's area, minus the part beyond the image (Yun et al., "CutMix", 2019). This field is alpha.
   */
  readonly cutmix?: number
}

/** The parts of an image that a random resized crop may take. */
export interface RandomResizedCrop {
  /** Smallest and largest area, as a fraction of the image; default 0.08 and 1. */
  readonly scale?: readonly [number, number]
  /** Smallest and largest ratio of width to height; default 3/4 and 4/3. */
  readonly ratio?: readonly [number, number]
}

/** An augmentation with its defaults filled in; 0 means that a change is not made. */
export interface AugmentationPlan {
  readonly randomResizedCrop: Required<RandomResizedCrop> | undefined
  readonly padAndCrop: number
  readonly flip: boolean
  readonly cutout: number
  readonly mixup: number
  readonly cutmix: number
}

/**
 * Checks an augmentation and fills in its defaults.
 * @throws VisionError for unknown names and invalid values.
 */
export function planAugmentation(augmentation: Augmentation): AugmentationPlan {
  const { randomResizedCrop = false, padAndCrop = 0, flip = false, cutout = 0, mixup = 0, cutmix = 0 } = augmentation
  const plan = {
    randomResizedCrop: planRandomResizedCrop(randomResizedCrop),
    padAndCrop,
    flip,
    cutout,
    mixup,
    cutmix,
  }
  for (const name of Object.keys(augmentation)) {
    if (Object.hasOwn(plan, name)) continue
    throw new VisionError(`unknown augmentation ${JSON.stringify(name)} (known: ${Object.keys(plan).join(', ')})`)
  }
  if (typeof flip !== 'boolean') throw new VisionError(`got flip ${flip}, wanted true or false`)
  for (const [name, pixels] of Object.entries({ padAndCrop, cutout })) {
    if (!Number.isInteger(pixels) || pixels < 0 || pixels > MAX_PIXELS_OF_SIDE) {
      throw new VisionError(`got ${name} ${pixels}, wanted a whole number of pixels from 0 to ${MAX_PIXELS_OF_SIDE}`)
    }
  }
  for (const [name, alpha] of Object.entries({ mixup, cutmix })) {
    if (!Number.isFinite(alpha) || alpha < 0)
      throw new VisionError(`got ${name} ${alpha}, wanted alpha, a number from 0`)
  }
  return plan
}

const MAX_PIXELS_OF_SIDE = 65_535

function planRandomResizedCrop(wanted: boolean | RandomResizedCrop): Required<RandomResizedCrop> | undefined {
  if (wanted === false) return undefined
  if (wanted !== true && (typeof wanted !== 'object' || wanted === null)) {
    throw new VisionError(`got randomResizedCrop ${wanted}, wanted true, false, or an object with scale and ratio`)
  }
  const { scale = [0.08, 1], ratio = [3 / 4, 4 / 3] } = wanted === true ? {} : wanted
  for (const [name, range] of Object.entries({ scale, ratio })) {
    const [least, greatest] = Array.isArray(range) && range.length === 2 ? range : [0, 0]
    if (least > 0 && least <= greatest && greatest < Number.POSITIVE_INFINITY) continue
    throw new VisionError(`got randomResizedCrop's ${name} ${range}, wanted two numbers above 0, the smaller first`)
  }
  return { scale, ratio }
}
