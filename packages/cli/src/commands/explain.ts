import { basename } from 'node:path'
import { text, whole } from '@residual/core/schema'
import type { Explanation } from '@residual/lab'
import { command } from '../command.ts'
import { alsoDrawing, draw } from '../groups/drawing.ts'
import { imageOptions, openImage } from '../groups/images.ts'
import { modelOptions, normalisationOptions, openModel } from '../groups/model.ts'
import { runOptions } from '../groups/run.ts'
import { json, option } from '../option.ts'
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

export default command({
  name: 'explain',
  group: 'Images',
  summary: 'show where in an image a network sees a class, and what each of its blocks adds',
  arguments: { image: option('image', text.help('an image')) },
  options: {
    ...modelOptions,
    ...runOptions,
    ...normalisationOptions,
    ...imageOptions,
    class: option(
      'class',
      text.optional().help('label or index of the class to look for (default: the predicted class)'),
    ),
    layer: option(
      'layer',
      text.optional().help('where to look, such as layer3 or layer2.0 (default: after the last stage)'),
    ),
    topk: option('n', whole(1, 1_000_000).default(5).help('predictions to list')),
    output: alsoDrawing({ html: 'a page with everything', png: 'the map over the image' }),
    json: json(),
  },
  examples: ['explain cat.jpg -o cat.html'],
  async run({ image, class: wanted, layer, topk, output, json, ...options }) {
    const { explain, explanationPage, explanationPng, resizeMap } = await import('@residual/lab')
    const model = await openModel(options)
    const { threads, build } = options
    const result = await explain(model, await openImage(image, options), { class: wanted, layer, topk, threads, build })
    await draw(output, {
      html: () => explanationPage(result, { image: basename(image) }),
      png: () => explanationPng(result),
    })
    if (json) return printObject(image, result, output?.path)
    const { map } = result
    const side = (length: number) => Math.min(length, MAP_SIDE)
    printAll(image, { ...result, map: resizeMap(map, side(map.width), side(map.height)) }, output?.path)
  },
})

function printObject(image: string, explanation: Explanation, output: string | undefined): void {
  const { model, architecture, predictions, target, layer, map, blocks, depths } = explanation
  const values = shortFloats(map.values)
  const result = { image, model, architecture, predictions, target, layer, map: { ...map, values }, blocks, depths }
  printJson({ ...result, ...(output && { output }) })
}

/** The most positions of a map along a side of the terminal's drawing. */
const MAP_SIDE = 16
const SHADES = ' ░▒▓█'
const BAR_WIDTH = 20

function printAll(image: string, explanation: Explanation, output: string | undefined): void {
  const { model, architecture, predictions, target, layer, blocks } = explanation
  printLine(`${bold(image)}  ${dim(`${model}, ${architecture}`)}`)
  for (const line of predictionLines(predictions)) printLine(line)
  printLine()
  printLine(`Where ${layer} sees ${bold(longLabel(target.label))} (${percent(target.score)}):`)
  for (const line of mapLines(explanation)) printLine(line)
  printLine()
  if (blocks.length === 0) {
    printLine(`${model} is a plain network: without shortcuts there is no stream to follow from block to block`)
  } else {
    printLine('What each block adds to the stream, and what the answer would be if the later blocks added nothing:')
    for (const line of streamLines(explanation)) printLine(`  ${line}`)
  }
  if (output) printLine(`Drawn in ${output}`)
}

/** Draws each position of the map as two characters, which are about a square. */
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
  return table(['after', '>|F|/|x|', '>cosine', '>change', 'answer', '>probability', of, ''], rows)
}
