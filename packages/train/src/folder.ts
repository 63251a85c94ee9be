import type { Model } from '@residual/resnet'
import { saveModel } from '@residual/resnet'
import {
  appendToFile,
  kindOf,
  type Lock,
  makeDirectory,
  readFileIfThere,
  replaceFile,
  takeLock,
} from '@residual/resnet/files'
import { TrainingError } from './errors.ts'
import type { EpochEvent, StepEvent } from './events.ts'
import { type TensorBoardEvent, tensorBoardRecord } from './tensorboard.ts'

/** Number of steps between two points of a curve in TensorBoard. */
const CURVE_STEPS = 10

/**
 * The directory of a training: `checkpoint.safetensors`, `log.jsonl` with a line for each epoch, an event file for
 * TensorBoard, and the files of the model.
 */
export class TrainingFolder {
  readonly #path: string
  #lock: Lock | undefined
  #events: string | undefined
  #pending: Uint8Array[] = []

  constructor(path: string) {
    this.#path = withoutSlash(path)
  }

  /** The path of the checkpoint, which may not exist yet. */
  get checkpointPath(): string {
    return `${this.#path}/checkpoint.safetensors`
  }

  /**
   * Prepares the directory for a new training.
   * @throws TrainingError if the new training would replace a training or a model, or if another one is under way.
   */
  async begin(): Promise<void> {
    const shown = JSON.stringify(this.#path)
    await makeDirectory(this.#path)
    this.#lock = await lockForTraining(this.#path)
    if (await kindOf(this.checkpointPath)) {
      throw new TrainingError(`${shown} holds a training; resume it, or give another directory`)
    }
    if (await kindOf(`${this.#path}/model.safetensors`)) {
      throw new TrainingError(`${shown} holds a model; give another directory`)
    }
    await this.#startCurves(undefined)
  }

  /**
   * Reads the checkpoint to resume from.
   * @throws TrainingError if the directory has no checkpoint, or if a training is under way.
   */
  async checkpoint(): Promise<Uint8Array> {
    if ((await kindOf(this.#path)) === 'directory') this.#lock = await lockForTraining(this.#path)
    const bytes = await readFileIfThere(this.checkpointPath, 'checkpoint')
    if (bytes) return bytes
    throw new TrainingError(`${JSON.stringify(this.#path)} holds no training to resume; leave out resume to begin one`)
  }

  /** Allows other trainings to use the directory. */
  async release(): Promise<void> {
    await this.#lock?.release()
  }

  /** Removes from the log the lines after this step, the checkpoint's. The resumed training writes them again. */
  async resume(step: number): Promise<void> {
    const log = await readFileIfThere(this.#log, 'log')
    if (log) {
      const lines = new TextDecoder()
        .decode(log)
        .split('\n')
        .filter(line => stepOf(line) <= step)
      await replaceFile(this.#log, new TextEncoder().encode(lines.map(line => `${line}\n`).join('')))
    }
    await this.#startCurves(step)
  }

  /** Notes a step. Notes are written with the next epoch or checkpoint. */
  noteStep({ step, lr, loss, top1, imagesPerSecond }: StepEvent): void {
    if (step % CURVE_STEPS !== 0) return
    this.#note({ step, scalars: { 'train/loss': loss, 'train/top1': top1, lr, imagesPerSecond } })
  }

  /** Notes an epoch in the log and in the curves. */
  async noteEpoch({ kind: _, ...event }: EpochEvent): Promise<void> {
    const { step, trainLoss, trainTop1, testLoss, testTop1 } = event
    this.#note({
      step,
      scalars: {
        'epoch/trainLoss': trainLoss,
        'epoch/trainTop1': trainTop1,
        ...(testLoss !== null && testTop1 !== null && { 'epoch/testLoss': testLoss, 'epoch/testTop1': testTop1 }),
      },
    })
    await this.#flush()
    await appendToFile(this.#log, `${JSON.stringify(event)}\n`)
  }

  async saveCheckpoint(bytes: Uint8Array): Promise<void> {
    await this.#flush()
    await replaceFile(this.checkpointPath, bytes)
  }

  saveModel(model: Model): Promise<void> {
    return saveModel(this.#path, model)
  }

  get #log(): string {
    return `${this.#path}/log.jsonl`
  }

  /** Begins a new event file, since TensorBoard wants one for each start. */
  async #startCurves(step: number | undefined): Promise<void> {
    const now = Date.now()
    this.#events = `${this.#path}/events.out.tfevents.${Math.floor(now / 1000)}.${now % 1000}.residual`
    this.#note({ version: true })
    if (step !== undefined) this.#note({ step: step + 1, restart: true })
    await this.#flush()
  }

  #note(event: Omit<TensorBoardEvent, 'wallTime'>): void {
    this.#pending.push(tensorBoardRecord({ wallTime: Date.now() / 1000, ...event }))
  }

  async #flush(): Promise<void> {
    const records = this.#pending.splice(0)
    if (this.#events)
      await appendToFile(this.#events, new Uint8Array(await new Blob(records as BlobPart[]).arrayBuffer()))
  }
}

/**
 * Keeps other trainings out of a directory.
 * @throws TrainingError if one is under way there.
 */
export function lockForTraining(directory: string): Promise<Lock> {
  const path = `${withoutSlash(directory)}/.training.lock`
  return takeLock(path, {
    refuse: owner =>
      new TrainingError(
        `${JSON.stringify(directory)} is in use by a training in ${owner}; wait for it to end, or give another directory; if that process has ended, remove ${JSON.stringify(path)}`,
      ),
  })
}

const withoutSlash = (path: string): string => path.replace(/(?<=.)[\\/]+$/, '')

/** The step of a line of the log; infinite for an incomplete line, which a killed process may leave. */
function stepOf(line: string): number {
  try {
    return Number(JSON.parse(line).step)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
