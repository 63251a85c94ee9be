import type { Classification } from '@residual/resnet'
import type { Command } from 'commander'
import { readImages } from '../groups/images.ts'
import {
  addImageOptions,
  addModelOptions,
  addNormalisationOptions,
  addRunOptions,
  type ImageOptions,
  type ModelOptions,
  type NormalisationOptions,
  openModel,
  type RunOptions,
  wholeNumber,
} from '../groups/model.ts'
import { bold, dim, milliseconds, predictionLines, printJson, printLine, rounded, shortFloats } from '../output.ts'

interface Options extends ModelOptions, RunOptions, NormalisationOptions, ImageOptions {
  readonly topk: number
  readonly logits?: true
  readonly json?: true
}

export function addClassify(program: Command): void {
  const command = program
    .command('classify')
    .description('say what is in images')
    .argument('<image...>', 'files, folders or glob patterns')
  addImageOptions(addNormalisationOptions(addRunOptions(addModelOptions(command))))
    .option('--topk <n>', 'predictions for each image', wholeNumber(1, 1_000_000), 5)
    .option('--logits', "also print the network's output before the softmax")
    .option('--json', 'print one JSON object for each image')
    .addHelpText('after', '\nExample:\n  $ residual classify cat.jpg holidays/ --topk 3')
    .action(classify)
}

async function classify(patterns: string[], { topk, logits, json, ...options }: Options): Promise<void> {
  const model = await openModel(options)
  // So that the first image is timed like the others.
  const { build, threads } = await model.prepare()
  const print = json ? printObject : printBars
  let count = 0
  for await (const { path, image } of readImages(patterns, options)) {
    const start = performance.now()
    const result = await model.classify(image, { topk })
    print({ ...result, image: path, model: model.name, milliseconds: performance.now() - start }, logits === true)
    count++
  }
  if (!json && count > 0) {
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
