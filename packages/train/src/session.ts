import { type CompileOptions, compile, graphOf, type Parameters, type Program, sizeOf, turn } from '@residual/core'
import { CheckpointError, evaluate, Model } from '@residual/resnet'
import { loadBatches, type TrainingBatch } from '@residual/vision'
import { averageName } from './average.ts'
import { type EpochTotals, readCheckpoint, type TrainingPlan, writeCheckpoint } from './checkpoint.ts'
import { firstNotFinite } from './diagnose.ts'
import { DivergenceError, TrainingError } from './errors.ts'
import type { EpochEvent, StartEvent, StepEvent, TrainingEvent } from './events.ts'
import { TrainingFolder } from './folder.ts'
import { type Beginning, checkTrainOptions, planResumed, planTraining, type TrainOptions } from './plan.ts'
import { type Step, type StepOptions, trainingStep } from './step.ts'

/** A running training: its program and its progress. */
export class Session {
  readonly #options: TrainOptions
  readonly #beginning: Beginning
  readonly #folder: TrainingFolder | undefined
  readonly #described: StepOptions
  readonly #step: Step
  readonly #program: Program
  readonly #batchesPerEpoch: number
  /** Steps done. */
  #done: number
  /** Totals of the current epoch; empty once they have been reported. */
  #totals: EpochTotals
  /** Images and time of this process in the current epoch. */
  #timed = { images: 0, seconds: 0 }
  /** Steps done when the last checkpoint was written. */
  #saved: number | undefined
  /** All values, after the program has been freed. */
  #last: Parameters | undefined

  private constructor(
    options: TrainOptions,
    beginning: Beginning,
    folder: TrainingFolder | undefined,
    described: StepOptions,
    step: Step,
    program: Program,
  ) {
    this.#options = options
    this.#beginning = beginning
    this.#folder = folder
    this.#described = described
    this.#step = step
    this.#program = program
    const { checkpoint } = beginning
    this.#batchesPerEpoch = lengthOf(beginning.plan).batchesPerEpoch
    this.#done = checkpoint?.step ?? 0
    this.#totals = checkpoint?.totals ?? NO_TOTALS
    this.#saved = options.resume === true ? this.#done : undefined
  }

  /** Checks everything, then makes or reads the directory, then compiles. */
  static async open(given: TrainOptions): Promise<Session> {
    const options = checkTrainOptions(given)
    const folder = options.out === undefined ? undefined : new TrainingFolder(options.out)
    try {
      return await Session.#openIn(folder, options)
    } catch (error) {
      await folder?.release()
      throw error
    }
  }

  static async #openIn(folder: TrainingFolder | undefined, options: TrainOptions): Promise<Session> {
    const { resume = false } = options
    if (resume === true && !folder) throw new TrainingError('resume needs out, or the bytes of a checkpoint')
    const source = resume === true ? JSON.stringify(folder?.checkpointPath) : 'the checkpoint'
    const bytes = resume === true ? await folder?.checkpoint() : resume || undefined
    const beginning = bytes ? planResumed(options, readCheckpoint(bytes, source), source) : await planTraining(options)
    const { plan, architecture, weights, checkpoint } = beginning
    const { recipe, seed, only, preprocessing } = plan
    const { steps } = lengthOf(plan)
    if (checkpoint && checkpoint.step > steps) {
      const where = `step ${checkpoint.step} of a training of ${steps}`
      throw new CheckpointError(`${source} is damaged: it is at ${where}; start again without it`)
    }
    const described = { architecture, side: preprocessing.crop, recipe, steps, seed, only }
    const step = trainingStep(described)
    if (resume === true) await folder?.resume(checkpoint?.step ?? 0)
    else await folder?.begin()
    const parameters = checkpoint ? weights : new Map([...weights, ...step.initialState(weights)])
    const program = await compile({ outputs: step.outputs, parameters, updates: step.updates }, compileOptions(options))
    return new Session(options, beginning, folder, described, step, program)
  }

  /** Trains to the end, or until the signal is aborted. */
  async *events(): AsyncGenerator<TrainingEvent, void, undefined> {
    yield this.#start()
    const { signal, checkpointEvery } = this.#options
    const batches = this.#batches()
    try {
      for (;;) {
        if (this.#isEpochEnd() && this.#totals.updates > 0) {
          const event = await this.#endEpoch()
          if (event) yield event
        }
        if (this.#done === this.#described.steps || signal?.aborted) break
        yield await this.#update(batches)
        await turn()
        if (checkpointEvery && this.#done % checkpointEvery === 0 && !this.#isEpochEnd()) await this.#save()
      }
    } finally {
      await batches.return()
    }
    if (this.#saved !== this.#done) await this.#save()
    await this.#folder?.saveModel(await this.model())
  }

  /** The network in its current state, with averaged values if the recipe averages them. */
  async model(): Promise<Model> {
    const { plan, architecture } = this.#beginning
    const values = await this.#values()
    const parameters = this.#step.network.map(({ attributes: { name } }): [string, Float32Array] => [
      name,
      values.get(averageName(name)) ?? values.get(name)!,
    ])
    const { preprocessing, labels } = plan
    const parts = { name: architecture.name, architecture, labels, preprocessing, parameters: new Map(parameters) }
    return new Model(parts, compileOptions(this.#options))
  }

  /** A checkpoint of the current state. */
  async checkpoint(): Promise<Uint8Array> {
    const { plan } = this.#beginning
    const { outputs, updates } = this.#step
    const { parameters } = graphOf([...Object.values(outputs), ...updates.values()])
    const shapes = new Map([...parameters, ...updates.keys()].map(({ attributes, shape }) => [attributes.name, shape]))
    return writeCheckpoint({ plan, step: this.#done, totals: this.#totals, values: await this.#values() }, shapes)
  }

  /** Frees the program and the directory; the model and the checkpoint remain available. */
  async close(): Promise<void> {
    // After a thread has died there is nothing to read, and the error to report is the thread's.
    this.#last ??= await this.#values().catch(() => undefined)
    this.#program[Symbol.dispose]()
    await this.#folder?.release()
  }

  async #values(): Promise<Parameters> {
    if (this.#last) return this.#last
    const { weights } = this.#beginning
    return new Map([...weights, ...(await this.#program.read())])
  }

  #start(): StartEvent {
    const { plan, architecture, newClassifier } = this.#beginning
    const { steps } = this.#described
    const { build, threads, memory } = this.#program
    return {
      kind: 'start',
      step: this.#done,
      steps,
      epochs: this.#epochOf(steps),
      images: plan.images,
      parameters: this.#step.trained.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
      architecture: architecture.name,
      newClassifier,
      build,
      threads,
      memory: memory.weights + memory.activations + memory.instructions,
    }
  }

  /** All remaining batches. */
  #batches(): AsyncGenerator<TrainingBatch, void, undefined> {
    const { data, worker } = this.#options
    const { plan } = this.#beginning
    const { recipe, seed, images, preprocessing } = plan
    const spread = data.length / images
    return loadBatches(data, {
      ...preprocessing,
      batch: recipe.batch,
      seed,
      from: this.#done * recipe.accumulate,
      to: this.#described.steps * recipe.accumulate,
      augment: recipe.augmentation,
      indices: images === data.length ? undefined : Array.from({ length: images }, (_, i) => Math.floor(i * spread)),
      worker,
    })
  }

  async #update(batches: AsyncGenerator<TrainingBatch, void, undefined>): Promise<StepEvent> {
    const { accumulate, batch: size } = this.#described.recipe
    const before = performance.now()
    let [loss, right] = [0, 0]
    for (let i = 0; i < accumulate; i++) {
      const { value: batch } = await batches.next()
      if (!batch) throw new TrainingError('the batches ended before the training did')
      const { images, targets, labels } = batch
      const inputs = { images, targets, ...this.#step.inputs(this.#done * accumulate + i) }
      const { loss: value, predictions } = await this.#program.run(inputs)
      if (!Number.isFinite(value[0])) throw await this.#diverged(value[0], inputs)
      loss += value[0] / accumulate
      right += labels.reduce((count, label, j) => count + (predictions[j] === label ? 1 : 0), 0)
    }
    this.#done++
    const images = accumulate * size
    const { loss: sum, right: rightBefore, images: imagesBefore, updates } = this.#totals
    this.#totals = { loss: sum + loss, right: rightBefore + right, images: imagesBefore + images, updates: updates + 1 }
    this.#timed.images += images
    this.#timed.seconds += (performance.now() - before) / 1000
    const event: StepEvent = {
      kind: 'step',
      ...this.#place(),
      loss,
      top1: right / images,
      imagesPerSecond: this.#speed(),
    }
    this.#folder?.noteStep(event)
    return event
  }

  /** Ends an epoch; undefined if the signal was aborted during it, so that a resumed training ends the epoch again. */
  async #endEpoch(): Promise<EpochEvent | undefined> {
    const { test, signal, worker } = this.#options
    let tested: Pick<EpochEvent, 'testLoss' | 'testTop1'> = { testLoss: null, testTop1: null }
    if (test) {
      const model = await this.model()
      try {
        const batch = Math.min(100, this.#described.recipe.batch)
        const { loss, top1 } = await evaluate(model, test, { batch, signal, worker })
        tested = { testLoss: loss, testTop1: top1 }
      } catch (error) {
        if (signal?.aborted) return undefined
        throw error
      } finally {
        model[Symbol.dispose]()
      }
    }
    const { loss, right, images, updates } = this.#totals
    const event: EpochEvent = {
      kind: 'epoch',
      ...this.#place(),
      // If a step spans two epochs, the first of them ends.
      epoch: this.#hasEnded() ? Math.floor(this.#epochs(this.#done)) : this.#epochOf(this.#done),
      trainLoss: loss / updates,
      trainTop1: right / images,
      ...tested,
      imagesPerSecond: this.#speed(),
    }
    this.#totals = NO_TOTALS
    this.#timed = { images: 0, seconds: 0 }
    // Log before saving, so that no epoch is missing from the log if the process ends in between.
    await this.#folder?.noteEpoch(event)
    await this.#save()
    await this.#folder?.saveModel(await this.model())
    return event
  }

  async #save(): Promise<void> {
    this.#saved = this.#done
    await this.#folder?.saveCheckpoint(await this.checkpoint())
  }

  async #diverged(loss: number, inputs: Readonly<Record<string, Float32Array>>): Promise<DivergenceError> {
    // Close first, since both programs together might not fit into memory.
    await this.close()
    const options = compileOptions(this.#options)
    const { layer, what } = await firstNotFinite(this.#described, await this.#values(), inputs, options)
    const step = this.#done + 1
    const kept = this.#folder && this.#saved ? `; the checkpoint of step ${this.#saved} is kept` : ''
    return new DivergenceError(
      `the loss is ${loss} at step ${step}, and ${what} the first not to be finite; lower the learning rate, warm up longer or clip gradients${kept}`,
      step,
      layer,
    )
  }

  #place(): { epoch: number; step: number; lr: number } {
    return { epoch: this.#epochOf(this.#done), step: this.#done, lr: this.#step.rate(this.#done - 1) }
  }

  /** The epoch, counted from 1, that the last batch of a step belongs to. */
  #epochOf(updates: number): number {
    return Math.ceil(this.#epochs(updates))
  }

  /** The number of passes over the data in a number of steps. */
  #epochs(updates: number): number {
    return (updates * this.#described.recipe.accumulate) / this.#batchesPerEpoch
  }

  /** Whether the last step ended an epoch. */
  #hasEnded(): boolean {
    return this.#done > 0 && Math.floor(this.#epochs(this.#done)) > Math.floor(this.#epochs(this.#done - 1))
  }

  #isEpochEnd(): boolean {
    return this.#hasEnded() || this.#done === this.#described.steps
  }

  #speed(): number {
    return this.#timed.images / this.#timed.seconds
  }
}

const NO_TOTALS: EpochTotals = { loss: 0, right: 0, images: 0, updates: 0 }

const compileOptions = ({ threads, build, backend }: TrainOptions): CompileOptions => ({ threads, build, backend })

/** The length of a training. @throws TrainingError if the images do not fill a batch, or the batches a step. */
function lengthOf({ images, recipe }: TrainingPlan): { batchesPerEpoch: number; steps: number } {
  const { batch, accumulate, steps: stated, epochs = 0 } = recipe
  const batchesPerEpoch = Math.floor(images / batch)
  const steps = stated ?? Math.floor((epochs * batchesPerEpoch) / accumulate)
  if (batchesPerEpoch > 0 && steps > 0) return { batchesPerEpoch, steps }
  const wanted = batchesPerEpoch > 0 ? `${accumulate} batches of ${batch}` : `a batch of ${batch}`
  throw new TrainingError(`${images} images do not fill ${wanted}; use a smaller batch`)
}
