import { text, whole } from '@residual/core/schema'
import type { EpochEvent, StartEvent, StepEvent, TrainOptions } from '@residual/train'
import { interruptible } from '../interrupt.ts'
import { json, option, type Values } from '../option.ts'
import { bold, count, dim, percent, printJson, printLine, printNote } from '../output.ts'
import { Progress } from '../progress.ts'
import { dataOption, limitOption, openTrainingData } from './data.ts'
import { imageOptions } from './images.ts'
import {
  checkpointEveryOption,
  moreRecipeOptions,
  namedRecipe,
  namingRecipe,
  recipeChanges,
  recipeOption,
  recipeOptions,
  resumeOption,
} from './recipe.ts'
import { runOptions, runText } from './run.ts'

/** Options that `train` and `finetune` share. */
export const trainingOptions = (recipe: string) => ({
  data: dataOption,
  out: option('dir', text.help('directory for the model, checkpoints, the log and the curves for TensorBoard')),
  recipe: recipeOption('fast, paper, finetune', recipe),
  ...recipeOptions,
  ...moreRecipeOptions,
  seed: option('n', whole(0, Number.MAX_SAFE_INTEGER).optional().help('seed of everything random (default: 0)')),
  limit: limitOption('train on only n of the images, evenly spread'),
  size: option('pixels', whole(1, 4096).optional().help('side that images are resized to')),
  holdOut: option(
    'n',
    whole(0, 1000).default(5).help('keep every n-th image of a folder without val for testing; 0: none'),
  ),
  checkpointEvery: checkpointEveryOption,
  resume: resumeOption('the training'),
  ...runOptions,
  ...imageOptions,
  json: json(' for each epoch'),
})

type TrainingValues = Values<ReturnType<typeof trainingOptions>>

/** The library's options that these options mean. */
async function trainOptions(options: TrainingValues): Promise<TrainOptions> {
  const { data: path, holdOut, seed, limit, size, out, resume, checkpointEvery, threads, build } = options
  // Read before the data, which may take long to open.
  const recipe = await namedRecipe(options.recipe)
  const { data, test } = await openTrainingData(path, holdOut, options)
  return {
    ...{ data, test, recipe, seed, limit, size, out, resume, checkpointEvery, threads, build },
    changes: recipeChanges(options),
  }
}

/** Trains as the options say, with the settings that are special to a command in `own`, and shows the progress. */
export async function runTraining(options: TrainingValues, own: Partial<TrainOptions>): Promise<void> {
  const { train } = await import('@residual/train')
  const bar = new TrainingBar()
  await interruptible(async signal => {
    let last = 0
    try {
      await namingRecipe(options.recipe, async () => {
        const described = { ...(await trainOptions(options)), ...own, signal }
        for await (const event of train(described)) {
          bar.show(event)
          last = event.step
          if (event.kind === 'start') {
            if (event.newClassifier) tellOfNewClassifier(described)
            if (!options.json) printStart(event)
          } else if (event.kind === 'epoch') {
            const { kind: _, ...epoch } = event
            if (options.json) printJson(epoch)
            else printEpoch(event)
          }
        }
      })
    } finally {
      bar.clear()
    }
    if (signal.aborted) printNote(`stopped after step ${count(last)} and saved; continue with --resume`)
    else if (!options.json)
      printLine(`The model is in ${options.out}: residual classify --model ${options.out} image.jpg`)
  })
}

/** Tells it only if the number of classes is the same, since otherwise a new classifier is expected. */
function tellOfNewClassifier({ model, data }: TrainOptions): void {
  if (model?.labels.length !== data.classes.length) return
  printNote('the classifier is new: the data has other class names than the model, or another order')
}

function printStart({
  architecture,
  parameters,
  images,
  epochs,
  steps,
  step,
  build,
  threads,
  memory,
}: StartEvent): void {
  printLine(`${bold(architecture)}  ${count(parameters)} parameters to train, ${count(images)} images`)
  const from = step > 0 ? `from step ${count(step)} ` : ''
  const run = `${runText(build, threads)}, ${Math.ceil(memory / 1e6)} MB`
  printLine(dim(`${from}to step ${count(steps)}, ${count(epochs)} epochs; ${run}`))
}

function printEpoch(event: EpochEvent): void {
  const { epoch, trainLoss, trainTop1, testLoss, testTop1, lr, imagesPerSecond } = event
  const test =
    testLoss === null || testTop1 === null
      ? ''
      : `  test loss ${testLoss.toFixed(4)} top1 ${bold(percent(testTop1, 2))}`
  const training = `train loss ${trainLoss.toFixed(4)} top1 ${percent(trainTop1, 2)}`
  const speed = dim(`lr ${lr.toPrecision(3)}  ${count(Math.round(imagesPerSecond))} images/s`)
  printLine(`epoch ${epoch}  ${training}${test}  ${speed}`)
}

/** Shows the progress of a training by its events, until the end of each epoch. */
export class TrainingBar {
  readonly #label: string
  #progress = new Progress()
  #first: StartEvent | undefined

  /** @param label what is trained, if there are several trainings */
  constructor(label = '') {
    this.#label = label
  }

  show(event: StartEvent | StepEvent | EpochEvent): void {
    if (event.kind === 'start') {
      this.#first = event
      this.#progress = new Progress({ label: this.#label, first: event.step })
    } else if (event.kind === 'epoch' || !this.#first) {
      this.clear()
    } else {
      const { step, epoch, loss, top1, imagesPerSecond } = event
      const speed = `${count(Math.round(imagesPerSecond))} images/s`
      const numbers = [
        `epoch ${epoch}/${this.#first.epochs}`,
        `loss ${loss.toFixed(3)}`,
        `top1 ${percent(top1)}`,
        speed,
      ]
      this.#progress.update(step, this.#first.steps, numbers)
    }
  }

  clear(): void {
    this.#progress.clear()
  }
}
