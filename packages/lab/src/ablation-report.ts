import type { Ablation } from './ablate.ts'
import { count } from './report/format.ts'
import { barChart, type Drawing, dataTable, figure, markup, page, svgFile } from './report/index.ts'

/** The accuracies of an {@link Ablation} as bars, in an SVG file. */
export function ablationSvg(ablation: Ablation): string {
  return svgFile(chart(ablation, `${ablation.model}: `))
}

/** An {@link Ablation} as an HTML page that is read from disk: what it found, the bars and the numbers. */
export function ablationPage(ablation: Ablation): string {
  const { model, damage, images, top1, blocks, skipped } = ablation
  const numbers = dataTable({
    caption: 'Accuracy and loss of each damaged network',
    headings: [damage === 'remove' ? 'without' : 'swapped with the next', '>top1', '>points', '>loss'],
    rows: [
      ['none: the whole network', percent(top1), '', ablation.loss.toFixed(4)],
      ...blocks.map(({ block, ...one }) => [block, percent(one.top1), points(one.top1 - top1), one.loss.toFixed(4)]),
    ],
  })
  const left = skipped.length > 0 && markup`<p>Left out, since the shapes differ: ${skipped.join(', ')}.</p>`
  return page({
    title: `${model} ${damage === 'remove' ? 'without one of its blocks' : 'with two neighbouring blocks swapped'}`,
    lead: `${finding(ablation)} Measured on ${count(images)} images.`,
    body: markup`<h2>Accuracy</h2>
${figure({
  draw: width => chart(ablation, '', width),
  caption:
    damage === 'remove'
      ? 'Each bar is the network with one block taken out; its shortcut, where it has one, stays.'
      : 'Each bar is the network with a block and the next one in each other’s place.',
  table: numbers,
})}
${left}
<h2>Why</h2>
<p>What a residual network computes is a sum over paths, most of which do not pass through any one block, and the
more blocks there are the less one of them matters. Without shortcuts there is a single path, through all of them. So a
deep residual network loses little without a block, or with two in each other’s place, and a plain one nearly everything
(Veit, Wilber and Belongie, “Residual Networks Behave Like Ensembles of Relatively Shallow Networks”, 2016). What matters
most are the blocks that change the shape: their shortcuts pass on the least.</p>`,
  })
}

/** A sentence about what this run showed, whatever it was. */
function finding({ top1, blocks, damage }: Ablation): string {
  const sorted = blocks.toSorted((a, b) => a.top1 - b.top1)
  const median = sorted[sorted.length >> 1].top1
  const what = damage === 'remove' ? 'Without one block' : 'With two neighbours swapped'
  const [worst, best] = [sorted[0], sorted[sorted.length - 1]]
  return `${what}, accuracy falls from ${percent(top1)} to ${percent(median)} in the median, to ${percent(worst.top1)} at worst (${worst.block}) and ${percent(best.top1)} at best (${best.block}).`
}

function chart({ damage, top1, blocks }: Ablation, subject: string, width?: number): Drawing {
  return barChart({
    title: `${subject}accuracy ${damage === 'remove' ? 'without one block' : 'with two neighbours swapped'}`,
    categories: ['none', ...blocks.map(({ block }) => block.replace('layer', ''))],
    series: [{ name: 'top1', values: [100 * top1, ...blocks.map(one => 100 * one.top1)] }],
    x: { label: damage === 'remove' ? 'block removed (stage.block)' : 'block swapped with the next (stage.block)' },
    y: { label: 'top1 (%)', min: 0, max: 100 },
    width,
  })
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`

function points(difference: number): string {
  const text = Math.abs(100 * difference).toFixed(2)
  return difference < 0 ? `−${text}` : `+${text}`
}
