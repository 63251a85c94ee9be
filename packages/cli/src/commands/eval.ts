import { oneOf, whole } from '@residual/core/schema'
import type { Evaluation } from '@residual/resnet'
import { command } from '../command.ts'
import { dataOption, ignoreNamesOption, limitOption, openSplit } from '../groups/data.ts'
import { imageOptions } from '../groups/images.ts'
import { modelOptions, normalisationOptions, openModel } from '../groups/model.ts'
import { runOptions } from '../groups/run.ts'
import { flag, json, option } from '../option.ts'
import { bold, count, longLabel, pairs, percent, printJson, printLine, rounded, table } from '../output.ts'
import { withProgress } from '../progress.ts'

export default command({
  name: 'eval',
  group: 'Training',
  summary: 'measure the accuracy of a model on a data set',
  options: {
    ...modelOptions,
    data: dataOption,
    split: option('split', oneOf('test', 'train').default('test').help('part of the data set')),
    limit: limitOption('evaluate only the first n images'),
    // The sizes of CIFAR's splits are multiples of it, so that no second program is needed for a smaller last batch.
    batch: option('n', whole(1, 100_000).default(100).help('images in one run of the network')),
    ignoreNames: ignoreNamesOption,
    ...runOptions,
    ...normalisationOptions,
    ...imageOptions,
    confusion: flag('also print the confusion matrix'),
    json: json(),
  },
  examples: ['eval --model resnet20.th --data cifar-10-binary.tar.gz'],
  async run({ data, split, limit, batch, ignoreNames, confusion, json, ...source }) {
    const { evaluate } = await import('@residual/resnet')
    const model = await openModel(source)
    const dataset = await openSplit(data, split, source)
    const result = await withProgress(onProgress => evaluate(model, dataset, { batch, limit, ignoreNames, onProgress }))
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
  },
})

function printConfusion({ confusion }: Evaluation, classes: readonly string[]): void {
  printLine()
  printLine('Each row is a class, each column the class that was predicted for its images:')
  const headings = ['', '', ...classes.map((_, i) => `>${i}`)]
  const rows = confusion.map((row, i) => [
    String(i),
    longLabel(classes[i]),
    ...row.map(n => (n === 0 ? '·' : count(n))),
  ])
  table(headings, rows).forEach(printLine)
}
