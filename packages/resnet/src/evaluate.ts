import { turn } from '@residual/core'
import { boolean, callback, checkOptions, type Declared, object, options, whole } from '@residual/core/schema'
import { loadBatches, type TrainingSource } from '@residual/vision'
import { ModelError } from './errors.ts'
import { requireSameClasses } from './labels/compare.ts'
import type { Model } from './model.ts'
import { crossEntropyOf } from './scores.ts'

export interface EvaluateOptions {
  /** Images in one run of the network; default 100. */
  readonly batch?: number
  /** Evaluate only this many images, the first ones; default all. */
  readonly limit?: number
  /** Compare only the numbers of the classes, even if their names differ; default false. */
  readonly ignoreNames?: boolean
  /** Called after each batch with the number of images done and the total. */
  readonly onProgress?: (done: number, total: number) => void
  /** Stops the evaluation when it is aborted. */
  readonly signal?: AbortSignal
  /** Whether a worker prepares the batches; default true for files where workers are available. */
  readonly worker?: boolean
}

/** The declared options. A function, so that bundlers can drop them if nothing is evaluated. */
export const evaluateOptions = () =>
  options({
    batch: whole(1).default(100),
    limit: whole(1).optional(),
    ignoreNames: boolean.default(false),
    onProgress: callback<NonNullable<EvaluateOptions['onProgress']>>().optional(),
    signal: object<AbortSignal>('an AbortSignal', 'throwIfAborted').optional(),
    worker: boolean.optional(),
  } satisfies Declared<EvaluateOptions>)

/** The results of a model on a data set. */
export interface Evaluation {
  /** Number of images evaluated. */
  readonly images: number
  /** Fraction of the images whose class has the largest logit, 0 to 1. */
  readonly top1: number
  /** Fraction of the images whose class is among the five largest logits, 0 to 1. */
  readonly top5: number
  /** Mean cross-entropy in nats. */
  readonly loss: number
  /** How many images of class `row` were classified as class `column`. */
  readonly confusion: readonly (readonly number[])[]
  readonly seconds: number
}

/**
 * Classifies labelled images, preprocessed for the model, and compares the predictions with the true classes.
 * @throws ModelError if the classes of model and images differ in number, name or order, or if an option is unknown or
 *   out of range; VisionError if a file cannot be read; the signal's reason when it is aborted.
 */
export async function evaluate(
  model: Model,
  dataset: TrainingSource,
  given: EvaluateOptions = {},
): Promise<Evaluation> {
  const { batch, ignoreNames, ...rest } = checkOptions('evaluate', given, evaluateOptions(), ModelError)
  const { limit = dataset.length, onProgress, signal, worker = 'files' in dataset } = rest
  requireSameClasses(model, dataset, ignoreNames)
  const classes = dataset.classes.length
  const images = Math.min(limit, dataset.length)
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  let [right, rightIn5, loss, done] = [0, 0, 0, 0]
  const start = performance.now()
  const indices = images === dataset.length ? undefined : Array.from({ length: images }, (_, i) => i)
  const batches = loadBatches(dataset, { ...model.preprocessing, batch, indices, shuffle: false, worker })
  for await (const { images: pixels, labels } of batches) {
    const logits = await model.logits(pixels, labels.length)
    for (let i = 0; i < labels.length; i++) {
      const row = logits.subarray(i * classes, (i + 1) * classes)
      const label = labels[i]
      // Among equal logits the first counts as the largest, as in argmax.
      const before = row.reduce((n, x, j) => n + (x > row[label] || (x === row[label] && j < label) ? 1 : 0), 0)
      right += before < 1 ? 1 : 0
      rightIn5 += before < 5 ? 1 : 0
      loss += crossEntropyOf(row, label)
      confusion[label][row.indexOf(Math.max(...row))]++
    }
    done += labels.length
    onProgress?.(done, images)
    await turn()
    signal?.throwIfAborted()
  }
  const seconds = (performance.now() - start) / 1000
  return { images, top1: right / images, top5: rightIn5 / images, loss: loss / images, confusion, seconds }
}
