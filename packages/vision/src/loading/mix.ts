import type { Box } from '../crop.ts'
import type { Random } from '../random.ts'
import type { AugmentationPlan } from './augmentation.ts'

/** A batch of `size` images and their targets, to be mixed in place. */
export interface Mixed {
  readonly size: number
  readonly width: number
  readonly height: number
  /** `[size, height, width, 3]` */
  readonly images: Float32Array
  /** `[size, classes]` */
  readonly targets: Float32Array
}

/**
 * Mixes each image of a batch with another, as the augmentation says: the first with the last, the second with the
 * second to last, and so on. The pairs are as random as the order of the batch.
 */
export function mix(batch: Mixed, { mixup, cutmix }: AugmentationPlan, random: Random): void {
  if (mixup === 0 && cutmix === 0) return
  const pastes = mixup === 0 || (cutmix > 0 && random.below(2) === 1)
  const kept = symmetricBeta(random, pastes ? cutmix : mixup)
  if (!pastes) {
    blend(batch.images, batch.size, kept)
    blend(batch.targets, batch.size, kept)
    return
  }
  const box = boxOf(1 - kept, batch, random)
  swap(batch, box)
  blend(batch.targets, batch.size, 1 - (box.width * box.height) / (batch.width * batch.height))
}

/** `kept * this + (1 - kept) * other`, for each of `count` equal parts and its counterpart. */
function blend(values: Float32Array, count: number, kept: number): void {
  const length = values.length / count
  const given = 1 - kept
  for (let part = 0; part < count >> 1; part++) {
    let other = (count - 1 - part) * length
    for (let i = part * length; i < (part + 1) * length; i++, other++) {
      const a = values[i]
      const b = values[other]
      values[i] = kept * a + given * b
      values[other] = kept * b + given * a
    }
  }
}

/**
 * A box with this share of the area and the image's proportions; its centre is anywhere, and it is cut off at the
 * edges.
 */
function boxOf(share: number, { width, height }: Mixed, random: Random): Box {
  const wide = Math.floor(width * Math.sqrt(share))
  const high = Math.floor(height * Math.sqrt(share))
  const left = random.below(width) - (wide >> 1)
  const top = random.below(height) - (high >> 1)
  const [first, above] = [Math.max(0, left), Math.max(0, top)]
  return {
    left: first,
    top: above,
    width: Math.min(width, left + wide) - first,
    height: Math.min(height, top + high) - above,
  }
}

function swap({ size, width, height, images }: Mixed, box: Box): void {
  const length = width * height * 3
  for (let part = 0; part < size >> 1; part++) {
    for (let y = box.top; y < box.top + box.height; y++) {
      const start = (y * width + box.left) * 3
      const [a, b] = [part * length + start, (size - 1 - part) * length + start]
      const row = images.slice(a, a + box.width * 3)
      images.copyWithin(a, b, b + box.width * 3)
      images.set(row, b)
    }
  }
}

/**
 * A number from 0 to 1 drawn from Beta(alpha, alpha), by Devroye's method from a point in the unit circle ("Random
 * variate generation in one line of code", 1996). Rounded to 20 bits, since engines may differ in the last bits of a
 * power.
 */
function symmetricBeta(random: Random, alpha: number): number {
  for (;;) {
    const [x, y] = [2 * random.uniform() - 1, 2 * random.uniform() - 1]
    const square = x * x + y * y
    if (square >= 1 || x === 0) continue
    const odds = ((square ** (-1 / alpha) - 1) * x * x) / square
    const side = Math.sqrt(1 / (1 + 1 / odds))
    return Math.round((0.5 + 0.5 * Math.sign(x) * side) * 2 ** 20) / 2 ** 20
  }
}
