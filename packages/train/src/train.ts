import type { Model } from '@residual/resnet'
import { TrainingError } from './errors.ts'
import type { TrainingEvent } from './events.ts'
import type { TrainOptions } from './plan.ts'
import { Session } from './session.ts'

/**
 * Trains a network, in Node or in a browser's worker:
 *
 * ```ts
 * const training = train({ arch: 'resnet20', data, test, recipe: 'fast', out: 'my-model', threads: 2 })
 * for await (const event of training) {
 *   if (event.kind === 'epoch') console.log(event.epoch, event.trainLoss, event.testTop1)
 * }
 * const model = await training.model()
 * ```
 *
 * Nothing happens before the first event is requested, and the training waits while the loop handles an event. Leaving
 * the loop ends the training without saving; an aborted signal ends it after the current step and saves it. The same
 * options give the same bits, for any number of threads and any number of resumptions.
 *
 * With `out`, the directory becomes a model directory that `loadModel` opens. If the recipe averages weights (`ema`),
 * it holds the averaged weights and statistics. No other training can use it until this one ends or its loop is left.
 *
 * The loop throws TrainingError and RecipeError if options do not fit together, TrainingError if another training is
 * under way in `out`, DivergenceError if the loss is no longer finite, CheckpointError if something cannot be written
 * or resumed, VisionError if images cannot be read, and MemoryError (of kernels-wasm) if a batch is too large.
 */
export function train(options: TrainOptions): Training {
  return new Training(options)
}

/** The events of a training. They can be iterated once. */
export class Training implements AsyncIterable<TrainingEvent> {
  readonly #options: TrainOptions
  #hasBegun = false
  #session: Session | undefined

  constructor(options: TrainOptions) {
    this.#options = options
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TrainingEvent, void, undefined> {
    if (this.#hasBegun)
      throw new TrainingError('this training has already begun; call train again to resume it or to start over')
    this.#hasBegun = true
    this.#session = await Session.open(this.#options)
    try {
      yield* this.#session.events()
    } finally {
      await this.#session.close()
    }
  }

  /**
   * The network after the last event, with averaged weights if the recipe averages them.
   * @throws TrainingError before the first event.
   */
  async model(): Promise<Model> {
    return this.#begun().model()
  }

  /**
   * The bytes of a safetensors file from which `resume` continues the training, for use without a directory.
   * @throws TrainingError before the first event.
   */
  async checkpoint(): Promise<Uint8Array> {
    return this.#begun().checkpoint()
  }

  #begun(): Session {
    if (this.#session) return this.#session
    throw new TrainingError('the training has not begun; request its first event')
  }
}
