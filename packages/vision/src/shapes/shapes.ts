import { IMAGE_BYTES, SIDE, type Split } from '../cifar/kinds.ts'
import { sharedBytes } from '../cifar/records.ts'
import { VisionError } from '../errors.ts'
import type { ImageArray } from '../loading/source.ts'
import { checkKeys, type Keys } from '../options.ts'
import { Random } from '../random.ts'
import { oneLine } from '../source.ts'
import { ShapeArtist, shapeClasses } from './draw.ts'

/** A data set of drawn images in memory. */
export interface ShapesDataset extends ImageArray {
  readonly name: 'shapes'
  readonly labels: Uint8Array
}

export interface ShapesOptions {
  /** The two splits have no images in common. */
  readonly split: Split
  /** Number of images; default 50,000 for training and 10,000 for testing, as in CIFAR. */
  readonly length?: number
  /** A whole number; different seeds give different images. Default 0. */
  readonly seed?: number
}

const KEYS: Keys<ShapesOptions> = { split: true, length: true, seed: true }

/** As many images as fit into 2 GB. */
const MAX_LENGTH = Math.floor(2 ** 31 / IMAGE_BYTES)

/**
 * Draws a data set, for use when no other is available: 32 x 32 images of ten shapes that vary in position, size,
 * proportions, rotation and colours, among clutter and noise. Every ten successive images contain each class once. An
 * image depends only on the seed, the split and its index, and has the same bytes in every JavaScript engine.
 *
 * @throws VisionError for an invalid split, length or seed.
 */
export function drawShapes(options: ShapesOptions): ShapesDataset {
  checkKeys('drawShapes', options, KEYS)
  const { split, length = split === 'train' ? 50_000 : 10_000, seed = 0 } = options
  if (split !== 'test' && split !== 'train') {
    throw new VisionError(`unknown split ${oneLine(String(split))} (known: test, train)`)
  }
  if (!Number.isInteger(length) || length < 1 || length > MAX_LENGTH) {
    throw new VisionError(`got ${length} shapes to draw, wanted a whole number from 1 to ${MAX_LENGTH}`)
  }
  const base = new Random(seed).fork('shapes', split)
  const labels = new Uint8Array(length)
  const images = sharedBytes(length * IMAGE_BYTES)
  const artist = new ShapeArtist()
  const classes = shapeClasses.length
  for (let i = 0; i < length; i++) {
    if (i % classes === 0) {
      const order = base.fork('classes', i).shuffle([...shapeClasses.keys()])
      labels.set(order.slice(0, length - i), i)
    }
    artist.draw(base.fork(i), labels[i], images.subarray(i * IMAGE_BYTES, (i + 1) * IMAGE_BYTES))
  }
  return { name: 'shapes', length, width: SIDE, height: SIDE, classes: shapeClasses, labels, images }
}
