import { loadBatches, type TrainingSource } from '@residual/vision'
import { ModelError } from '../errors.ts'
import type { EvaluateOptions } from '../evaluate.ts'
import type { Model } from '../model.ts'
import { turn } from '../turn.ts'
import { score } from './score.ts'

/** How far two networks agree. */
export interface Comparison {
  readonly images: number
  /** The largest difference between two logits. */
  readonly largestDifference: number
  /** Fraction of the pictures whose class has the largest logit of the first network, 0 to 1. */
  readonly top1Before: number
  /** The same of the second network. */
  readonly top1After: number
}

/**
 * Runs two networks of the same classes on the same pictures, prepared as the first one wants them.
 * @throws ModelError for networks of other classes than the pictures; VisionError for a file that cannot be read; the
 *   signal's reason once it is aborted.
 */
export async function compareModels(
  before: Model,
  after: Model,
  data: TrainingSource,
  { batch = 100, limit = data.length, onProgress, signal, worker }: EvaluateOptions = {},
): Promise<Comparison> {
  const classes = data.classes.length
  for (const { name, labels } of [before, after]) {
    if (labels.length !== classes) {
      throw new ModelError(`${name} has ${labels.length} classes, the pictures have ${classes}`)
    }
  }
  const images = Math.min(limit, data.length)
  const indices = Array.from({ length: images }, (_, i) => i)
  let [largestDifference, rightBefore, rightAfter, done] = [0, 0, 0, 0]
  const batches = loadBatches(data, { ...before.preprocessing, batch, indices, shuffle: false, worker })
  for await (const { images: pixels, labels } of batches) {
    const [a, b] = [await before.logits(pixels, labels.length), await after.logits(pixels, labels.length)]
    for (let i = 0; i < a.length; i++) largestDifference = Math.max(largestDifference, Math.abs(a[i] - b[i]))
    rightBefore += score(a, labels).right
    rightAfter += score(b, labels).right
    done += labels.length
    onProgress?.(done, images)
    await turn()
    signal?.throwIfAborted()
  }
  return { images, largestDifference, top1Before: rightBefore / images, top1After: rightAfter / images }
}
