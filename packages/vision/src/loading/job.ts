import { located } from '#files'
import type { TrainingBatch } from './batches.ts'
import type { Plan } from './plan.ts'
import type { TrainingSource } from './source.ts'

/** What a worker is told first; after it, numbers of steps, each of which it answers with a {@link Reply}, in order. */
export interface Job {
  readonly source: TrainingSource
  readonly plan: Plan
}

export type Reply =
  | { readonly batch: TrainingBatch }
  /** `expected` failures are the message of a `VisionError`. */
  | { readonly failure: string; readonly expected: boolean }

/** A job as it can be sent, and what is handed over with it. */
export function sendable({ source, plan }: Job): { job: Job; transferred: ArrayBuffer[] } {
  const { length, classes } = source
  const labelled = { length, classes: [...classes], labels: Int32Array.from(source.labels) }
  if ('files' in source) {
    // A worker takes relative URLs as relative to its own script.
    const files = source.files.map(file => (typeof file === 'string' ? located(file) : file))
    return { job: { source: { ...labelled, files, maxPixels: source.maxPixels }, plan }, transferred: [] }
  }
  const { width, height } = source
  const shared = typeof SharedArrayBuffer === 'function' && source.images.buffer instanceof SharedArrayBuffer
  // A copy that is handed over, since cloning would copy twice, and all that the buffer holds besides.
  const images = shared ? source.images : source.images.slice()
  const transferred = shared ? [] : [images.buffer as ArrayBuffer]
  return { job: { source: { ...labelled, width, height, images }, plan }, transferred }
}
