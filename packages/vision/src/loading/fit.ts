import { type Box, centerCrop, cut, roundHalfToEven } from '../crop.ts'
import type { Filter } from '../filters.ts'
import type { RgbImage } from '../image.ts'
import type { Random } from '../random.ts'
import { resize, resizeShortest } from '../resize.ts'
import type { RandomResizedCrop } from './augmentation.ts'

/** How to turn images of any size into squares of one size. */
export interface Fit {
  /** Length of the short side before the middle is cut out, in pixels. */
  readonly resize: number
  /** Side of the square, in pixels. */
  readonly crop: number
  readonly filter: Filter
}

/** Cuts a square out of an image: a random part if `randomPart` is given, otherwise the middle. */
export function fit(
  image: RgbImage,
  { resize: short, crop, filter }: Fit,
  randomPart: Required<RandomResizedCrop> | undefined,
  random: Random,
): RgbImage {
  if (randomPart) return resize(cut(image, randomBox(image, randomPart, random)), crop, crop, filter)
  const { width, height } = image
  const isFit = width === crop && height === crop && short === crop
  return isFit ? image : centerCrop(resizeShortest(image, short, filter), crop, crop)
}

/** How often a box is drawn again if it does not fit into the image. */
const ATTEMPTS = 10

/**
 * The box that torchvision's `RandomResizedCrop` cuts out: its area is uniform within `scale`, and the logarithm of
 * width / height is uniform within that of `ratio`. If none fits, the largest box in the middle with an allowed ratio.
 */
function randomBox({ width, height }: RgbImage, { scale, ratio }: Required<RandomResizedCrop>, random: Random): Box {
  const [least, greatest] = [Math.log(ratio[0]), Math.log(ratio[1])]
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const area = width * height * (scale[0] + (scale[1] - scale[0]) * random.uniform())
    const wanted = Math.exp(least + (greatest - least) * random.uniform())
    const box = { width: roundHalfToEven(Math.sqrt(area * wanted)), height: roundHalfToEven(Math.sqrt(area / wanted)) }
    if (box.width < 1 || box.height < 1 || box.width > width || box.height > height) continue
    return { ...box, top: random.below(height - box.height + 1), left: random.below(width - box.width + 1) }
  }
  const box = {
    width: Math.min(width, Math.max(1, roundHalfToEven(height * ratio[1]))),
    height: Math.min(height, Math.max(1, roundHalfToEven(width / ratio[0]))),
  }
  return { ...box, top: Math.floor((height - box.height) / 2), left: Math.floor((width - box.width) / 2) }
}
