import { whole } from '@residual/core/schema'
import type { Classification } from '@residual/resnet'
import { command } from '../command.ts'
import { imageOptions, imagesArgument, readImages } from '../groups/images.ts'
import { modelOptions, normalisationOptions, openModel } from '../groups/model.ts'
import { runOptions, runText } from '../groups/run.ts'
import { flag, json, option } from '../option.ts'
import { bold, dim, milliseconds, predictionLines, printJson, printLine, rounded, shortFloats } from '../output.ts'

export default command({
  name: 'classify',
  group: 'Images',
  summary: 'say what is in images',
  arguments: { image: imagesArgument },
  options: {
    ...modelOptions,
    ...runOptions,
    ...normalisationOptions,
    ...imageOptions,
    topk: option('n', whole(1, 1_000_000).default(5).help('predictions for each image')),
    logits: flag("also print the network's output before the softmax"),
    json: json(' for each image'),
  },
  examples: ['classify cat.jpg holidays/ --topk 3'],
  async run({ image, topk, logits, json, ...options }) {
    const model = await openModel(options)
    // So that the first image is timed like the others.
    const { build, threads } = await model.prepare()
    const print = json ? printObject : printBars
    let count = 0
    for await (const { path, image: pixels } of readImages(image, options)) {
      const start = performance.now()
      const result = await model.classify(pixels, { topk })
      print({ ...result, image: path, model: model.name, milliseconds: performance.now() - start }, logits === true)
      count++
    }
    if (!json && count > 0) {
      printLine(dim(`${model.name} on ${runText(build, threads)}`))
    }
  },
})

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
