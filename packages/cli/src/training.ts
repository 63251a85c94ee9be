import type { EpochEvent, RecipeInput, StartEvent, StepEvent, TrainOptions } from '@residual/train'
import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { DATA, openTrainingData } from './data.ts'
import { CommandError } from './errors.ts'
import { interruptible } from './interrupt.ts'
import { addImageOptions, addRunOptions, type ImageOptions, type RunOptions, wholeNumber } from './options.ts'
import {
  bar,
  bold,
  clearStatus,
  count,
  cyan,
  dim,
  percent,
  printJson,
  printLine,
  printNote,
  showStatus,
} from './output.ts'

/** Options that `train` and `finetune` share. */
export interface TrainingOptions extends RunOptions, ImageOptions {
  readonly data: string
  readonly out: string
  readonly recipe?: string
  readonly epochs?: number
  readonly batch?: number
  readonly lr?: number
  readonly schedule?: string
  readonly weightDecay?: number
  readonly seed?: number
  readonly limit?: number
  readonly size?: number
  readonly holdOut: number
  readonly checkpointEvery?: number
  readonly resume?: true
  readonly json?: true
}

export const positive = (text: string): number => {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isFinite(value) && value >= 0) return value
  throw new InvalidArgumentError('Wanted a number of at least 0.')
}

const SCHEDULES = { cosine: 'cosine', step: 'step', 'one-cycle': 'oneCycle', constant: 'constant' } as const

export function addTrainingOptions(command: Command, recipe: string): Command {
  command
    .requiredOption('--data <path>', DATA)
    .requiredOption('--out <dir>', 'directory for the model, checkpoints, the log and the curves for TensorBoard')
    .option('--recipe <name>', `how to train: fast, paper, finetune, or a JSON file (default: ${recipe})`)
    .option('--epochs <n>', "passes over the data, in place of the recipe's", wholeNumber(1, 1_000_000))
    .option('--batch <n>', "images in a step, in place of the recipe's", wholeNumber(1, 65_536))
    .option('--lr <rate>', "highest learning rate, in place of the recipe's", positive)
    .addOption(
      new Option('--schedule <name>', "course of the learning rate, in place of the recipe's").choices(
        Object.keys(SCHEDULES),
      ),
    )
    .option('--weight-decay <x>', "weight decay, in place of the recipe's", positive)
    .option('--seed <n>', 'decides all that is random (default: 0)', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--limit <n>', 'learn only so many images, evenly spread (default: all)', wholeNumber(1, 1_000_000_000))
    .option('--size <pixels>', 'side that images are brought to', wholeNumber(1, 4096))
    .option('--hold-out <n>', 'test with every n-th image of a folder without val; 0: none', wholeNumber(0, 1000), 5)
    .option('--checkpoint-every <n>', 'save after so many steps, too', wholeNumber(1, 1_000_000_000))
    .option('--resume', 'go on with the training in --out')
  return addImageOptions(addRunOptions(command)).option('--json', 'print one JSON object for each epoch')
}

/** The options that change a recipe. */
export type RecipeChanges = Pick<TrainingOptions, 'epochs' | 'batch' | 'lr' | 'schedule' | 'weightDecay'>

/** What options say in place of a recipe's settings; undefined where they say nothing. */
export function recipeChanges({ epochs, batch, lr, schedule, weightDecay }: RecipeChanges): RecipeInput | undefined {
  const kind = schedule && SCHEDULES[schedule as keyof typeof SCHEDULES]
  const changes: RecipeInput = {
    ...(epochs !== undefined && { epochs }),
    ...(batch !== undefined && { batch }),
    ...((lr !== undefined || kind) && { schedule: { ...(kind && { kind }), ...(lr !== undefined && { rate: lr }) } }),
    ...(weightDecay !== undefined && { optimizer: { weightDecay } }),
  }
  return Object.keys(changes).length > 0 ? changes : undefined
}

/** The recipe that `--recipe` names: one of the library's, or what a JSON file holds. */
export async function namedRecipe(recipe: string | undefined): Promise<string | RecipeInput | undefined> {
  if (!recipe?.endsWith('.json')) return recipe
  const { readRecipeFile } = await import('@residual/train')
  return readRecipeFile(recipe)
}

/** What the options say of the library's. */
async function trainOptions(options: TrainingOptions): Promise<TrainOptions> {
  const { data: path, holdOut, seed, limit, size, out, resume, checkpointEvery, threads, build } = options
  // Before the data, which may take long to open.
  const recipe = await namedRecipe(options.recipe)
  const { data, test } = await openTrainingData(path, holdOut, options)
  return {
    ...{ data, test, recipe, seed, limit, size, out, resume, checkpointEvery, threads, build },
    changes: recipeChanges(options),
  }
}

/** An error in the recipe of a file, with the name of the file. */
export async function namingRecipe<T>(recipe: string | undefined, run: () => Promise<T>): Promise<T> {
  const { RecipeError } = await import('@residual/train')
  return run().catch(error => {
    if (!(error instanceof RecipeError) || !recipe?.endsWith('.json')) throw error
    throw new CommandError(error.message.replace(/^recipe:/, `${recipe}:`))
  })
}

/** Trains as the options say, with what is special to a command in `own`, and shows how it goes. */
export async function runTraining(options: TrainingOptions, own: Partial<TrainOptions>): Promise<void> {
  const { train } = await import('@residual/train')
  const report = options.json ? reportJson() : reportText(options.out)
  await interruptible(async signal => {
    try {
      await namingRecipe(options.recipe, async () => {
        const described = { ...(await trainOptions(options)), ...own, signal }
        for await (const event of train(described)) {
          if (event.kind === 'start') {
            if (event.newClassifier) tellOfNewClassifier(described)
            report.start(event)
          } else if (event.kind === 'step') report.step(event)
          else report.epoch(event)
        }
      })
      report.end(signal.aborted)
    } catch (error) {
      report.clear()
      throw error
    }
  })
}

/** Classes that differ in number cannot be meant to be the same; others can. */
function tellOfNewClassifier({ model, data }: TrainOptions): void {
  if (model?.labels.length !== data.classes.length) return
  printNote('the classifier is a new one: the data names its classes, or orders them, otherwise than the model')
}

interface Report {
  start(event: StartEvent): void
  step(event: StepEvent): void
  epoch(event: EpochEvent): void
  end(isStopped: boolean): void
  /** Wipes away what is not to stay. */
  clear(): void
}

function reportJson(): Report {
  const bar = new TrainingBar()
  let last = 0
  return {
    start(event) {
      bar.start(event)
      last = event.step
    },
    step(event) {
      bar.step(event)
      last = event.step
    },
    epoch({ kind: _, ...event }) {
      bar.clear()
      printJson(event)
    },
    end(isStopped) {
      bar.clear()
      if (isStopped) reportStop(last)
    },
    clear: () => bar.clear(),
  }
}

function reportStop(step: number): void {
  printNote(`stopped after step ${count(step)} and saved; --resume goes on`)
}

function reportText(out: string): Report {
  const bar = new TrainingBar()
  let last = 0
  return {
    start(event) {
      bar.start(event)
      const { architecture, parameters, images, epochs, steps, step, build, threads, memory } = event
      printLine(`${bold(architecture)}  ${count(parameters)} parameters to train, ${count(images)} images`)
      const from = step > 0 ? `from step ${count(step)} ` : ''
      const run = `${build}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${Math.ceil(memory / 1e6)} MB`
      printLine(dim(`${from}to step ${count(steps)}, ${count(epochs)} epochs; ${run}`))
      last = step
    },
    step(event) {
      bar.step(event)
      last = event.step
    },
    epoch(event) {
      bar.clear()
      const { epoch, trainLoss, trainTop1, testLoss, testTop1, lr, imagesPerSecond } = event
      const test =
        testLoss === null || testTop1 === null
          ? ''
          : `  test loss ${testLoss.toFixed(4)} top1 ${bold(percent(testTop1, 2))}`
      const training = `train loss ${trainLoss.toFixed(4)} top1 ${percent(trainTop1, 2)}`
      printLine(
        `epoch ${epoch}  ${training}${test}  ${dim(`lr ${lr.toPrecision(3)}  ${count(Math.round(imagesPerSecond))} images/s`)}`,
      )
    },
    end(isStopped) {
      bar.clear()
      if (isStopped) reportStop(last)
      else printLine(`The model is in ${out}: residual classify --model ${out} image.jpg`)
    },
    clear: () => bar.clear(),
  }
}

/** How far a training is, on a terminal only. */
export class TrainingBar {
  readonly #label: string
  #first: StartEvent | undefined
  #began = performance.now()

  /** @param label what is trained, where there are several trainings */
  constructor(label = '') {
    this.#label = label && `${label}  `
  }

  start(event: StartEvent): void {
    this.#first = event
    this.#began = performance.now()
  }

  step({ step, epoch, loss, top1, imagesPerSecond }: StepEvent): void {
    if (!this.#first) return
    const { steps, epochs, step: first } = this.#first
    const perStep = (performance.now() - this.#began) / 1000 / (step - first)
    const filled = cyan(bar(step / steps, 20).padEnd(20), process.stderr)
    const numbers = `loss ${loss.toFixed(3)}  top1 ${percent(top1)}  ${count(Math.round(imagesPerSecond))} images/s`
    showStatus(`${this.#label}${filled}  epoch ${epoch}/${epochs}  ${numbers}  ${clock(perStep * (steps - step))} left`)
  }

  clear(): void {
    clearStatus()
  }
}

/** `3723.4` seconds as `1:02:04`, `64` as `1:04`. */
function clock(seconds: number): string {
  const whole = Math.ceil(seconds)
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}
