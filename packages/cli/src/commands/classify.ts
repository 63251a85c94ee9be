import type { Classification } from '@residual/resnet'
import type { Command } from 'commander'
import {
  addModelOptions,
  addNormalisationOptions,
  addPictureOptions,
  addRunOptions,
  type ModelOptions,
  type NormalisationOptions,
  openModel,
  type PictureOptions,
  type RunOptions,
  wholeNumber,
} from '../options.ts'
import { bold, dim, milliseconds, predictionLines, printJson, printLine, rounded, shortFloats } from '../output.ts'
import { readPictures } from '../pictures.ts'

interface Options extends ModelOptions, RunOptions, NormalisationOptions, PictureOptions {
  readonly topk: number
  readonly logits?: true
  readonly json?: true
}

export function addClassify(program: Command): void {
  const command = program
    .command('classify')
    .description('say what is in pictures')
    .argument('<image...>', 'files, folders or glob patterns')
  addPictureOptions(addNormalisationOptions(addRunOptions(addModelOptions(command))))
    .option('--topk <n>', 'predictions for each picture', wholeNumber(1, 1_000_000), 5)
    .option('--logits', "also print the network's output before the softmax")
    .option('--json', 'print one JSON object for each picture')
    .addHelpText('after', '\nExample:\n  $ residual classify cat.jpg holidays/ --topk 3')
    .action(classify)
}

async function classify(images: string[], { topk, logits, json, ...options }: Options): Promise<void> {
  const model = await openModel(options)
  // So that the first picture is timed like the others.
  const { build, threads } = await model.prepare()
  const print = json ? printObject : printBars
  let pictures = 0
  for await (const { path, picture } of readPictures(images, options)) {
    const start = performance.now()
    const result = await model.classify(picture, { topk })
    print({ ...result, image: path, model: model.name, milliseconds: performance.now() - start }, logits === true)
    pictures++
  }
  if (!json && pictures > 0) {
    printLine(dim(`${model.name} on ${build}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`))
  }
}

interface Result extends Classification {
  readonly image: string
  readonly model: string
  /** From decoded pixels to predictions. */
  readonly milliseconds: number
}

function printObject(result: Result, withLogits: boolean): void {
  const { image, model, predictions } = result
  printJson({
    image,
    model,
    predictions,
    milliseconds: rounded(result.milliseconds),
    ...(withLogits && { logits: shortFloats(result.logits) }),
  })
}

function printBars(result: Result, withLogits: boolean): void {
  printLine(`${bold(result.image)}  ${dim(milliseconds(result.milliseconds))}`)
  for (const line of predictionLines(result.predictions)) printLine(line)
  if (withLogits) printLine(`  logits  ${Array.from(result.logits, x => x.toFixed(3)).join(' ')}`)
  printLine()
}
