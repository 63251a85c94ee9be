import type { Evaluation } from '@residual/resnet'
import { type Command, Option } from 'commander'
import { DATA, IGNORE_NAMES, openSplit } from '../groups/data.ts'
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
import { bold, count, longLabel, Progress, pairs, percent, printJson, printLine, rounded, table } from '../output.ts'

interface Options extends ModelOptions, RunOptions, NormalisationOptions, ImageOptions {
  readonly data: string
  readonly split: 'test' | 'train'
  readonly limit?: number
  readonly batch: number
  readonly ignoreNames?: true
  readonly confusion?: true
  readonly json?: true
}

export function addEval(program: Command): void {
  const command = addModelOptions(program.command('eval').description('measure the accuracy of a model on a data set'))
    .requiredOption('--data <path>', DATA)
    .addOption(new Option('--split <split>', 'part of the data set').choices(['test', 'train']).default('test'))
    .option('--limit <n>', 'evaluate only the first images (default: all)', wholeNumber(1, 1_000_000_000))
    // Both splits are multiples of it, so that no second program is needed for a last, smaller batch.
    .option('--batch <n>', 'images in one run of the network', wholeNumber(1, 100_000), 100)
    .option('--ignore-names', IGNORE_NAMES)
  addImageOptions(addNormalisationOptions(addRunOptions(command)))
    .option('--confusion', 'also print how often each class was taken for which')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ residual eval --model resnet20.th --data cifar-10-binary.tar.gz')
    .action(evaluate)
}

async function evaluate({ data, split, limit, batch, ignoreNames, ...options }: Options): Promise<void> {
  const { confusion, json, ...source } = options
  const { evaluate } = await import('@residual/resnet')
  const model = await openModel(source)
  const dataset = await openSplit(data, split, source)
  const progress = new Progress()
  const result = await evaluate(model, dataset, {
    batch,
    limit,
    ignoreNames,
    onProgress: (done, total) => progress.update(done, total),
  }).finally(() => progress.end())
  const imagesPerSecond = result.images / result.seconds
  if (json) {
    const { images, top1, top5, loss } = result
    printJson({
      model: model.name,
      images,
      top1,
      top5,
      loss,
      seconds: rounded(result.seconds),
      imagesPerSecond: rounded(imagesPerSecond),
      ...(confusion && { confusion: result.confusion }),
    })
    return
  }
  const lines = pairs([
    ['model', model.name],
    ['images', `${count(result.images)} of ${'name' in dataset ? dataset.name : data}, ${split}`],
    ['top1', bold(percent(result.top1, 2))],
    ['top5', percent(result.top5, 2)],
    ['loss', result.loss.toFixed(4)],
    ['time', `${result.seconds.toFixed(1)} s, ${count(Math.round(imagesPerSecond))} images/s`],
  ])
  lines.forEach(printLine)
  if (confusion) printConfusion(result, dataset.classes)
}

function printConfusion({ confusion }: Evaluation, classes: readonly string[]): void {
  printLine()
  printLine('Each row is a class, each column what its images were taken for:')
  const headings = ['', '', ...classes.map((_, i) => `>${i}`)]
  const rows = confusion.map((row, i) => [
    String(i),
    longLabel(classes[i]),
    ...row.map(n => (n === 0 ? '·' : count(n))),
  ])
  table(headings, rows).forEach(printLine)
}
