import { whole } from '@residual/core/schema'
import type { Ablation } from '@residual/lab'
import { command } from '../command.ts'
import { dataOption, ignoreNamesOption, limitOption, openSplit } from '../groups/data.ts'
import { alsoDrawing, draw } from '../groups/drawing.ts'
import { imageOptions } from '../groups/images.ts'
import { modelOptions, normalisationOptions, openModel } from '../groups/model.ts'
import { runOptions } from '../groups/run.ts'
import { flag, json, option } from '../option.ts'
import { bar, bold, count, cyan, dim, percent, printJson, printLine } from '../output.ts'
import { withProgress } from '../progress.ts'

export default command({
  name: 'ablate',
  group: 'Experiments',
  summary: 'measure how well a network does without each of its blocks',
  options: {
    ...modelOptions,
    data: dataOption,
    shuffle: flag('swap each block with the next one, instead of removing it'),
    limit: limitOption('measure on only the first n test images'),
    batch: option('n', whole(1, 100_000).optional().help('images in one run of the networks')),
    ignoreNames: ignoreNamesOption,
    output: alsoDrawing({ html: 'a page', svg: 'the chart alone' }),
    ...runOptions,
    ...normalisationOptions,
    ...imageOptions,
    json: json(),
  },
  examples: ['ablate --model resnet20.th --data cifar10 --limit 1000 -o ablation.html'],
  async run({ data: path, shuffle, limit, batch, ignoreNames, output, json, ...options }) {
    const { threads, build } = options
    const { ablate, ablationPage, ablationSvg } = await import('@residual/lab')
    const model = await openModel(options)
    const data = await openSplit(path, 'test', options)
    const damage = shuffle ? 'swap' : 'remove'
    const result = await withProgress(onProgress =>
      ablate(model, data, { damage, limit, batch, ignoreNames, threads, build, onProgress }),
    )
    await draw(output, { html: () => ablationPage(result), svg: () => ablationSvg(result) })
    if (json) printJson({ ...result, ...(output && { output: output.path }) })
    else printBars(result, output?.path)
  },
})

const BAR_WIDTH = 40

function printBars({ model, architecture, images, top1, damage, blocks, skipped }: Ablation, output?: string): void {
  printLine(`${bold(model)}, ${architecture}, on ${count(images)} images: top1 ${bold(percent(top1, 2))}`)
  printLine(damage === 'remove' ? 'Without one block:' : 'With one block and the next one swapped:')
  const width = Math.max(...blocks.map(({ block }) => block.length))
  for (const { block, top1: left } of blocks) {
    const points = (100 * (left - top1)).toFixed(2).replace(/^-/, '−')
    const change = dim(`${points.startsWith('−') ? '' : '+'}${points}`)
    printLine(
      `  ${block.padEnd(width)}  ${percent(left, 2).padStart(7)}  ${cyan(bar(left, BAR_WIDTH).padEnd(BAR_WIDTH))}  ${change}`,
    )
  }
  if (skipped.length > 0) {
    const verb = damage === 'remove' ? 'be removed' : 'be swapped with the next'
    printLine(dim(`${skipped.join(', ')} cannot ${verb}: their shapes differ`))
  }
  if (output) printLine(`Drawn in ${output}`)
}
