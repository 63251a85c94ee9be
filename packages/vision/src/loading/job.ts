import { located } from '#files'
import type { TrainingBatch } from './batches.ts'
import type { Plan } from './plan.ts'
import type { TrainingSource } from './source.ts'

/** The first message to a worker. Step numbers follow, and the worker answers each with a {@link Reply}, in order. */
export interface Job {
  readonly source: TrainingSource
  readonly plan: Plan
}

export type Reply =
  | { readonly batch: TrainingBatch }
  /** An `expected` failure is the message of a `VisionError`. */
  | { readonly failure: string; readonly expected: boolean }

/** Returns a job in a form that can be sent to a worker, and the buffers to transfer with it. */
export function sendable({ source, plan }: Job): { job: Job; transferred: ArrayBuffer[] } {
  const { length, classes } = source
  const labelled = { length, classes: [...classes], labels: Int32Array.from(source.labels) }
  if ('files' in source) {
    // A worker resolves relative URLs against its own script.
    const files = source.files.map(file => (typeof file === 'string' ? located(file) : file))
    return { job: { source: { ...labelled, files, maxPixels: source.maxPixels }, plan }, transferred: [] }
  }
  const { width, height } = source
  const shared = typeof SharedArrayBuffer === 'function' && source.images.buffer instanceof SharedArrayBuffer
  // A copy that is transferred: cloning would copy twice, and would copy everything else in the buffer too.
  const images = shared ? source.images : source.images.slice()
  const transferred = shared ? [] : [images.buffer as ArrayBuffer]
  return { job: { source: { ...labelled, width, height, images }, plan }, transferred }
}
