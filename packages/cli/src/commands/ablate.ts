import type { Ablation } from '@residual/lab'
import { type Command, InvalidArgumentError } from 'commander'
import { DATA, IGNORE_NAMES, openSplit } from '../data.ts'
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
} from '../options.ts'
import { bar, bold, count, cyan, dim, Progress, percent, printJson, printLine } from '../output.ts'

interface Options extends ModelOptions, RunOptions, NormalisationOptions, ImageOptions {
  readonly data: string
  readonly shuffle?: true
  readonly limit?: number
  readonly batch?: number
  readonly ignoreNames?: true
  readonly output?: string
  readonly json?: true
}

export function addAblate(program: Command): void {
  const command = addModelOptions(
    program.command('ablate').description('measure how a network does without each of its blocks'),
  )
    .requiredOption('--data <path>', DATA)
    .option('--shuffle', 'swap each block with the next one, in place of removing it')
    .option('--limit <n>', 'measure on the first test images only (default: all)', wholeNumber(1, 1_000_000_000))
    .option('--batch <n>', 'images in one run of the networks', wholeNumber(1, 100_000))
    .option('--ignore-names', IGNORE_NAMES)
    .option('-o, --output <file>', 'also draw it, into an .html or .svg file', figureFile)
  addImageOptions(addNormalisationOptions(addRunOptions(command)))
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  $ residual ablate --model resnet20.th --data cifar10 --limit 1000 -o ablation.html',
    )
    .action(run)
}

function figureFile(text: string): string {
  if (/\.(html|svg)$/.test(text)) return text
  throw new InvalidArgumentError('Wanted a name that ends with .html or .svg.')
}

async function run({ data: path, shuffle, limit, batch, ignoreNames, output, json, ...options }: Options) {
  const { threads, build } = options
  const { ablate, ablationPage, ablationSvg, saveReport } = await import('@residual/lab')
  const model = await openModel(options)
  const data = await openSplit(path, 'test', options)
  const progress = new Progress()
  const result = await ablate(model, data, {
    ...{ damage: shuffle ? 'swap' : 'remove', limit, batch, ignoreNames, threads, build },
    onProgress: (done, total) => progress.update(done, total),
  }).finally(() => progress.end())
  if (output) await saveReport(output, output.endsWith('.svg') ? ablationSvg(result) : ablationPage(result))
  if (json) printJson({ ...result, ...(output && { output }) })
  else printBars(result, output)
}

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
    const verb = damage === 'remove' ? 'be removed' : 'change places with the next'
    printLine(dim(`${skipped.join(', ')} cannot ${verb}: the shapes differ`))
  }
  if (output) printLine(`Drawn in ${output}`)
}
