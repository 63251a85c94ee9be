import { basename } from 'node:path'
import type { Explanation } from '@residual/lab'
import { type Command, InvalidArgumentError } from 'commander'
import { openImage } from '../images.ts'
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
import {
  bar,
  bold,
  cyan,
  dim,
  longLabel,
  percent,
  predictionLines,
  printJson,
  printLine,
  shortFloats,
  shortLabel,
  table,
} from '../output.ts'

interface Options extends ModelOptions, RunOptions, NormalisationOptions, ImageOptions {
  readonly class?: string
  readonly layer?: string
  readonly topk: number
  readonly output?: string
  readonly json?: true
}

export function addExplain(program: Command): void {
  const command = program
    .command('explain')
    .description('show where in an image a network sees a class, and what each of its blocks adds')
    .argument('<image>', 'an image')
  addImageOptions(addNormalisationOptions(addRunOptions(addModelOptions(command))))
    .option('--class <class>', 'label or index of the class to look for (default: the one that is predicted)')
    .option('--layer <layer>', 'where to look, such as layer3 or layer2.0 (default: behind the last stage)')
    .option('--topk <n>', 'predictions to list', wholeNumber(1, 1_000_000), 5)
    .option('-o, --output <file>', 'also draw it: .png has the map over the image, .html all', drawing)
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ residual explain cat.jpg -o cat.html')
    .action(run)
}

function drawing(path: string): string {
  if (/\.(png|html)$/i.test(path)) return path
  throw new InvalidArgumentError('Wanted a name that ends in .png or .html.')
}

async function run(image: string, { class: wanted, layer, topk, output, json, ...options }: Options): Promise<void> {
  const { explain, explanationPage, explanationPng, resizeMap, saveReport } = await import('@residual/lab')
  const model = await openModel(options)
  const { threads, build } = options
  const result = await explain(model, await openImage(image, options), { class: wanted, layer, topk, threads, build })
  if (output && /\.png$/i.test(output)) await saveReport(output, await explanationPng(result))
  else if (output) await saveReport(output, await explanationPage(result, { image: basename(image) }))
  if (json) return printObject(image, result, output)
  const { map } = result
  const side = (length: number) => Math.min(length, MAP_SIDE)
  printAll(image, { ...result, map: resizeMap(map, side(map.width), side(map.height)) }, output)
}

function printObject(image: string, explanation: Explanation, output: string | undefined): void {
  const { model, architecture, predictions, target, layer, map, blocks, depths } = explanation
  const values = shortFloats(map.values)
  const result = { image, model, architecture, predictions, target, layer, map: { ...map, values }, blocks, depths }
  printJson({ ...result, ...(output && { output }) })
}

/** The most places of a map along a side of the terminal's drawing. */
const MAP_SIDE = 16
const SHADES = ' ░▒▓█'
const BAR_WIDTH = 20

function printAll(image: string, explanation: Explanation, output: string | undefined): void {
  const { model, architecture, predictions, target, layer, blocks } = explanation
  printLine(`${bold(image)}  ${dim(`${model}, ${architecture}`)}`)
  for (const line of predictionLines(predictions)) printLine(line)
  printLine()
  printLine(`Where ${bold(longLabel(target.label))} (${percent(target.score)}) is seen, in ${layer}:`)
  for (const line of mapLines(explanation)) printLine(line)
  printLine()
  if (blocks.length === 0) {
    printLine(`${model} is a plain network: without shortcuts there is no stream to follow from block to block`)
  } else {
    printLine('What each block adds to the stream, and what it would be called if the later blocks added nothing:')
    for (const line of streamLines(explanation)) printLine(`  ${line}`)
  }
  if (output) printLine(`Drawn in ${output}`)
}

/** Each place of the map as two characters, which are about a square. */
function mapLines({ map: { width, height, values } }: Explanation): string[] {
  const hottest = values.reduce((a, b) => Math.max(a, b), 0) || 1
  const shade = (value: number) => SHADES[Math.min(SHADES.length - 1, Math.floor((SHADES.length * value) / hottest))]
  const row = (y: number) => Array.from(values.subarray(y * width, (y + 1) * width), v => shade(v).repeat(2)).join('')
  const edge = (left: string, right: string) => dim(`  ${left}${'─'.repeat(2 * width)}${right}`)
  const rows = Array.from({ length: height }, (_, y) => `  ${dim('│')}${cyan(row(y))}${dim('│')}`)
  return [edge('┌', '┐'), ...rows, edge('└', '┘')]
}

function streamLines({ blocks, depths, target }: Explanation): string[] {
  const number = (value: number) => (Number.isFinite(value) ? value.toFixed(2).replace('-', '−') : '–')
  const rows = depths.map((one, i) => {
    const effect = blocks[i - 1]
    const numbers = effect ? [effect.ratio, effect.cosine, effect.change].map(number) : ['', '', '']
    const share = cyan(bar(one.target, BAR_WIDTH))
    return [one.after, ...numbers, shortLabel(one.label), percent(one.score), percent(one.target), share]
  })
  const of = `>of ${shortLabel(target.label)}`
  return table(['after', '>|F|/|x|', '>cosine', '>change', 'called', '>probability', of, ''], rows)
}
