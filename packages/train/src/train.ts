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
 * Nothing happens before the first event is asked for, and the training waits while an event is looked at. Leaving the
 * loop ends it without saving; an aborted signal ends it after the update under way, saved. The same options give the
 * same bits, for any number of threads, and across any number of resumptions.
 *
 * With `out` the directory becomes a model directory that `loadModel` opens, of the averaged weights and statistics where
 * the recipe averages them (`ema`). No other training can use it until this one ends or its loop is left.
 *
 * Thrown from the loop: TrainingError and RecipeError if options do not fit together, and TrainingError if another
 * training is under way in `out`; DivergenceError if the loss is
 * not finite any more; CheckpointError if something cannot be written or resumed; VisionError for images that cannot
 * be read; MemoryError (of kernels-wasm) for a batch that is too large.
 */
export function train(options: TrainOptions): Training {
  return new Training(options)
}

/** The events of a training, which can be gone through once. */
export class Training implements AsyncIterable<TrainingEvent> {
  readonly #options: TrainOptions
  #hasBegun = false
  #session: Session | undefined

  constructor(options: TrainOptions) {
    this.#options = options
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TrainingEvent, void, undefined> {
    if (this.#hasBegun) throw new TrainingError('this training has begun already; call train again, to resume or anew')
    this.#hasBegun = true
    this.#session = await Session.open(this.#options)
    try {
      yield* this.#session.events()
    } finally {
      await this.#session.close()
    }
  }

  /**
   * The network as it is after the last event, with the averaged weights where the recipe averages them.
   * @throws TrainingError before the first event.
   */
  async model(): Promise<Model> {
    return this.#begun().model()
  }

  /**
   * All that is needed to go on from here, for `resume`, as a safetensors file; where there is no directory to save in.
   * @throws TrainingError before the first event.
   */
  async checkpoint(): Promise<Uint8Array> {
    return this.#begun().checkpoint()
  }

  #begun(): Session {
    if (this.#session) return this.#session
    throw new TrainingError('the training has not begun; ask for its first event')
  }
}
