import { count, milliseconds } from '../report/format.ts'
import type { Box } from './boxes.ts'
import type { Diagram, Totals } from './diagram.ts'
import { KINDS, shapeText } from './kinds.ts'
import { fieldText } from './receptive-field.ts'

/** The headings of the table of boxes; `>` marks a column of numbers. */
export const headingsOf = ({ milliseconds }: Diagram): string[] => [
  'layer',
  'operation',
  'made of',
  'output',
  '>parameters',
  '>MACs',
  '>receptive field',
  ...(milliseconds === undefined ? [] : ['>time']),
]

/** The facts about one box, under those headings. */
export function detailsOf(box: Box, { milliseconds: total, times }: Diagram): string[] {
  const time = times.get(box.id)
  return [
    box.name,
    operationText(box),
    partsText(box),
    shapeText(box.output),
    count(box.params),
    count(box.macs),
    fieldText(box.receptiveField),
    ...(total === undefined ? [] : [time === undefined ? timeless(box) : milliseconds(time)]),
  ]
}

/** The time of a box that another computes: a convolution computes the next sum or ReLU while it stores its results. */
const timeless = (box: Box): string => (box.kind === 'input' ? '' : 'in another step')

/** `3×3 conv, 64, BN, ReLU`. */
export const operationText = ({ kind, lines }: Box): string => (kind === 'sum' ? lines[0] : lines.join(', '))

/** The layers by their names within the block: `conv1, bn1, relu`. */
const partsText = ({ layers, scope }: Box): string =>
  layers
    .map(({ name }) => (scope !== '' && name.startsWith(`${scope}.`) ? name.slice(scope.length + 1) : name))
    .join(', ')

/** `269,722 parameters · 40,551,808 MACs · 1.20 ms`. */
export function totalsText(
  { params, macs, milliseconds: time }: Totals,
  write: (value: number) => string = count,
): string {
  const texts = [`${count(params)} parameters`, `${write(macs)} MACs`]
  return [...texts, ...(time === undefined ? [] : [milliseconds(time)])].join(' · ')
}

/** The kinds of boxes that a diagram has, in the order of the legend. */
export function kindsIn({ boxes }: Diagram): (keyof typeof KINDS)[] {
  const present = new Set(boxes.map(({ kind }) => kind))
  return (Object.keys(KINDS) as (keyof typeof KINDS)[]).filter(kind => present.has(kind))
}

/** Facts about the whole network. */
export function factsOf(diagram: Diagram): (readonly [name: string, value: string])[] {
  const { boxes, depth, params, macs, milliseconds: time } = diagram
  const inputs = boxes.filter(({ kind }) => kind === 'input')
  const last = boxes.findLast(({ receptiveField }) => receptiveField !== undefined && receptiveField !== 'all')
  return [
    ['Depth', `${count(depth.longest)} layers`],
    ['Parameters', count(params)],
    ['Multiply-accumulates', count(macs)],
    ...(inputs.length === 1 ? [['Input', shapeText(inputs[0].output)] as const] : []),
    ...(last ? [['Receptive field', fieldText(last.receptiveField)] as const] : []),
    ...(time === undefined ? [] : [['Time', milliseconds(time)] as const]),
  ]
}

/** A sentence about the effect of the shortcuts. */
export function leadOf({ depth: { longest, shortest } }: Diagram): string {
  if (longest === shortest)
    return `Every path from input to output passes through ${count(longest)} layers with weights.`
  return `The longest path from input to output passes through ${count(longest)} layers with weights, the shortest through ${count(shortest)}: shortcuts lead around the others.`
}

export const hasShortcuts = ({ stages }: Diagram): boolean =>
  stages.some(({ runs }) =>
    runs.some(({ blocks }) => blocks.some(({ layout }) => layout.edges.some(({ kind }) => kind === 'shortcut'))),
  )
