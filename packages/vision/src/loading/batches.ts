import { normalizedValues } from '../normalize.ts'
import { Random } from '../random.ts'
import { Painter } from './draw.ts'
import { fit } from './fit.ts'
import { mix } from './mix.ts'
import { type Plan, stepsOf } from './plan.ts'
import { imageOf, type TrainingSource } from './source.ts'

/** A batch of labelled images, ready to enter a network. */
export interface TrainingBatch {
  /** The number of the step, counted from 0 through all epochs. */
  readonly step: number
  /** The number of the epoch, counted from 0. */
  readonly epoch: number
  /** `[n, height, width, 3]`, normalised. */
  readonly images: Float32Array
  /** `[n, classes]`: the probability of each class; 1 for the label, unless images are mixed. */
  readonly targets: Float32Array
  /** `[n]`: the class of each image before it was mixed. */
  readonly labels: Int32Array
  /** `[n]`: the index of each image in the source. */
  readonly indices: Int32Array
}

/** The number of files that are read at the same time. */
const LANES = 4

/**
 * Makes any batch of a source. Everything random in a batch depends only on the seed, the epoch and the positions of
 * its images in the order of the epoch, not on earlier batches.
 */
export class BatchMaker {
  readonly #source: TrainingSource
  readonly #plan: Plan
  readonly #random: Random
  readonly #painter: Painter
  #epoch = -1
  #order: Int32Array

  constructor(source: TrainingSource, plan: Plan) {
    this.#source = source
    this.#plan = plan
    this.#random = new Random(plan.seed)
    this.#painter = new Painter(plan.width, plan.height, normalizedValues(plan), plan.augmentation)
    this.#order = plan.indices
  }

  /**
   * Makes the batch of a step.
   * @throws VisionError for a file that cannot be read.
   */
  async make(step: number): Promise<TrainingBatch> {
    const { batch, width, height, augmentation } = this.#plan
    const steps = stepsOf(this.#plan)
    const epoch = Math.floor(step / steps)
    const first = (step % steps) * batch
    const indices = this.#orderOf(epoch).slice(first, first + batch)
    const size = indices.length
    const labels = Int32Array.from(indices, index => this.#source.labels[index])
    const images = new Float32Array(size * height * width * 3)
    const targets = this.#oneHot(labels)
    await this.#drawAll(indices, images, this.#random.fork('picture', epoch), first)
    mix({ size, width, height, images, targets }, augmentation, this.#random.fork('mix', epoch, first))
    return { step, epoch, images, targets, labels, indices }
  }

  #orderOf(epoch: number): Int32Array {
    if (this.#plan.shuffle && epoch !== this.#epoch) {
      this.#order = this.#random.fork('order', epoch).shuffle(this.#plan.indices.slice())
      this.#epoch = epoch
    }
    return this.#order
  }

  #oneHot(labels: Int32Array): Float32Array {
    const classes = this.#source.classes.length
    const targets = new Float32Array(labels.length * classes)
    for (let i = 0; i < labels.length; i++) targets[i * classes + labels[i]] = 1
    return targets
  }

  /** @param first The position of the first image in the epoch. */
  async #drawAll(indices: Int32Array, images: Float32Array, random: Random, first: number): Promise<void> {
    const { width, height, fit: wanted, augmentation } = this.#plan
    let next = 0
    let failure: { readonly place: number; readonly error: unknown } | undefined
    const draw = async (place: number) => {
      const found = imageOf(this.#source, indices[place])
      const image = found instanceof Promise ? await found : found
      const own = random.fork(first + place)
      const fitting = wanted ? fit(image, wanted, augmentation.randomResizedCrop, own) : image
      this.#painter.draw(fitting, own, images, place * height * width * 3)
    }
    const lane = async () => {
      while (next < indices.length) {
        const place = next++
        try {
          await draw(place)
        } catch (error) {
          // The first failure in order is reported, even if another lane fails sooner.
          if (!failure || place < failure.place) failure = { place, error }
          next = indices.length
        }
      }
    }
    await Promise.all(Array.from({ length: 'files' in this.#source ? LANES : 1 }, lane))
    if (failure) throw failure.error
  }
}
