import { turn } from '@residual/core'
import { checkOptions } from '@residual/core/schema'
import { type EvaluateOptions, evaluateOptions, type Model, ModelError, requireSameClasses } from '@residual/resnet'
import { loadBatches, type TrainingSource } from '@residual/vision'
import { score } from './score.ts'

/** How well two networks agree. */
export interface Comparison {
  readonly images: number
  /** The largest absolute difference between the logits of the two networks. */
  readonly largestDifference: number
  /** Fraction of the images whose class has the largest logit of the first network, 0 to 1. */
  readonly top1Before: number
  /** The same for the second network. */
  readonly top1After: number
  /** Images that only the second network classifies correctly. */
  readonly gained: number
  /** Images that only the first network classifies correctly. */
  readonly lost: number
  /**
   * The probability, 0 to 1, that two equally good networks differ at least as much as `gained` and `lost` do:
   * McNemar's exact test, two-sided. Above 0.05 these images show no difference in accuracy.
   */
  readonly pValue: number
}

/**
 * Runs two networks with the same classes on the same images, preprocessed for the first one.
 * @throws ModelError if the networks' classes differ from those of the images in number, name or order, or if an option
 *   is unknown or invalid; VisionError for a file that cannot be read; the signal's reason once it is aborted.
 */
export async function compareModels(
  before: Model,
  after: Model,
  data: TrainingSource,
  given: EvaluateOptions = {},
): Promise<Comparison> {
  const { batch, ignoreNames, ...rest } = checkOptions('compareModels', given, evaluateOptions(), ModelError)
  const { limit = data.length, onProgress, signal, worker = 'files' in data } = rest
  for (const model of [before, after]) requireSameClasses(model, data, ignoreNames)
  const images = Math.min(limit, data.length)
  const indices = Array.from({ length: images }, (_, i) => i)
  let [largestDifference, kept, gained, lost, done] = [0, 0, 0, 0, 0]
  const batches = loadBatches(data, { ...before.preprocessing, batch, indices, shuffle: false, worker })
  for await (const { images: pixels, labels } of batches) {
    const [a, b] = [await before.logits(pixels, labels.length), await after.logits(pixels, labels.length)]
    for (let i = 0; i < a.length; i++) largestDifference = Math.max(largestDifference, Math.abs(a[i] - b[i]))
    const [was, is] = [score(a, labels).isRight, score(b, labels).isRight]
    for (let i = 0; i < labels.length; i++) {
      if (was[i] && is[i]) kept++
      else if (is[i]) gained++
      else if (was[i]) lost++
    }
    done += labels.length
    onProgress?.(done, images)
    await turn()
    signal?.throwIfAborted()
  }
  const [top1Before, top1After] = [(kept + lost) / images, (kept + gained) / images]
  return { images, largestDifference, top1Before, top1After, gained, lost, pValue: evenOdds(gained, lost) }
}

/** The probability that fair coins fall at least this unevenly. */
function evenOdds(heads: number, tails: number): number {
  const coins = heads + tails
  // Logarithms, since 2 ** -coins is 0 in float64 for more than 1,074 coins.
  let log = -coins * Math.LN2
  let probability = 0
  for (let k = 0; k <= Math.min(heads, tails); k++) {
    probability += Math.exp(log)
    log += Math.log((coins - k) / (k + 1))
  }
  return Math.min(1, 2 * probability)
}
