import { startWorker, workersExist } from '#workers'
import { VisionError } from '../errors.ts'
import { checkKeys, type Keys } from '../options.ts'
import { oneLine } from '../source.ts'
import type { LoadingWorker } from '../workers/types.ts'
import { BatchMaker, type TrainingBatch } from './batches.ts'
import { type Job, type Reply, sendable } from './job.ts'
import { type LoadOptions, ORDER_KEYS, planOf, stepsOf, whole } from './plan.ts'
import type { TrainingSource } from './source.ts'

const KEYS: Keys<LoadOptions> = {
  ...ORDER_KEYS,
  ...{ mean: true, std: true, seed: true, from: true, to: true, crop: true, resize: true, filter: true },
  ...{ augment: true, worker: true, ahead: true },
}

/**
 * Loads labelled images batch by batch, for training or, with `shuffle: false`, for evaluation:
 *
 * ```ts
 * const augment = { padAndCrop: 4, flip: true }
 * for await (const { images, targets, step } of loadBatches(source, { batch: 128, to: 64_000, augment, mean, std })) ...
 * ```
 *
 * The batch of a step has the same bits whichever step the loop starts from, with or without a worker. The worker
 * starts with the loop and stops when the loop ends, even by `break` or `throw`. It keeps a Node process alive only
 * while the loop waits for a batch. Batches belong to the caller.
 *
 * @throws VisionError at once for a source whose parts do not match and for invalid options; in the loop for a file
 *   that cannot be read and for a worker that fails.
 */
export function loadBatches(
  source: TrainingSource,
  options: LoadOptions,
): AsyncGenerator<TrainingBatch, void, undefined> {
  checkKeys('loadBatches', options, KEYS)
  const plan = planOf(source, options)
  const { from = 0, worker = true, ahead = 2 } = options
  whole('from', from, 0)
  const steps = stepsOf(plan)
  const { to = (Math.floor(from / steps) + 1) * steps } = options
  if (to !== Number.POSITIVE_INFINITY) whole('to', to, from)
  whole('ahead', ahead, 1)
  const job = { source, plan }
  return worker && workersExist() ? fromWorker(job, from, to, ahead) : fromHere(job, from, to)
}

async function* fromHere(
  { source, plan }: Job,
  from: number,
  to: number,
): AsyncGenerator<TrainingBatch, void, undefined> {
  const maker = new BatchMaker(source, plan)
  for (let step = from; step < to; step++) yield maker.make(step)
}

async function* fromWorker(
  wanted: Job,
  from: number,
  to: number,
  ahead: number,
): AsyncGenerator<TrainingBatch, void, undefined> {
  if (from >= to) return
  const { job, transferred } = sendable(wanted)
  const inbox = new Inbox()
  const worker = start(inbox)
  try {
    worker.send(job, transferred)
    let asked = from
    for (let step = from; step < to; step++) {
      for (; asked < to && asked <= step + ahead; asked++) worker.send(asked)
      worker.keepAlive(true)
      const batch = await inbox.take()
      worker.keepAlive(false)
      yield batch
    }
  } finally {
    await worker.terminate()
  }
}

function start(inbox: Inbox): LoadingWorker {
  try {
    return startWorker(inbox)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new VisionError(`cannot start a worker (${oneLine(reason)}); try worker: false`, { cause: error })
  }
}

/** Batches that a worker has sent and the loop has not taken yet. */
class Inbox {
  readonly #batches: TrainingBatch[] = []
  #failure: VisionError | undefined
  #wake = () => {}

  /**
   * Returns the next batch when it arrives.
   * @throws VisionError if the worker has failed.
   */
  async take(): Promise<TrainingBatch> {
    for (;;) {
      const batch = this.#batches.shift()
      if (batch) return batch
      if (this.#failure) throw this.#failure
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  message(reply: Reply): void {
    if ('batch' in reply) this.#batches.push(reply.batch)
    else this.#fail(reply.expected ? reply.failure : unexpected(`failed (${oneLine(reply.failure)})`))
    this.#wake()
  }

  ended(reason: string): void {
    this.#fail(unexpected(`ended unexpectedly (${oneLine(reason.split('\n')[0])})`))
    this.#wake()
  }

  #fail(message: string): void {
    this.#failure ??= new VisionError(message)
  }
}

function unexpected(what: string): string {
  return `the worker that loads images ${what}; continue from the last step, with worker: false if it happens again`
}
