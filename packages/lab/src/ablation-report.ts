import type { Ablation } from './ablate.ts'
import { count } from './report/format.ts'
import { barChart, type Drawing, dataTable, figure, markup, page, svgFile } from './report/index.ts'

/** The accuracies of an {@link Ablation} as bars, in an SVG file. */
export function ablationSvg(ablation: Ablation): string {
  return svgFile(chart(ablation, `${ablation.model}: `))
}

/** An {@link Ablation} as a self-contained HTML page: what it found, the bars and the numbers. */
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
  const left = skipped.length > 0 && markup`<p>Left out because their shapes differ: ${skipped.join(', ')}.</p>`
  return page({
    title: `${model} ${damage === 'remove' ? 'without one of its blocks' : 'with two neighbouring blocks swapped'}`,
    lead: `${finding(ablation)} Measured on ${count(images)} images.`,
    body: markup`<h2>Accuracy</h2>
${figure({
  draw: width => chart(ablation, '', width),
  caption:
    damage === 'remove'
      ? 'Each bar is the network with one block removed; the block’s shortcut, if it has one, stays.'
      : 'Each bar is the network with one block and the next one swapped.',
  table: numbers,
})}
${left}
<h2>Why</h2>
<p>A residual network adds up many paths. The paths that contribute most are short and pass through few blocks, so the
more blocks there are, the less any one of them matters. Without shortcuts there is a single path, through all blocks. So
a deep residual network loses little accuracy when one block is removed or two are swapped, and a plain network loses
nearly all of it (Veit, Wilber and Belongie, “Residual Networks Behave Like Ensembles of Relatively Shallow Networks”,
2016). The blocks that change the shape matter most, because their shortcuts pass on the least.</p>`,
  })
}

/** Says what this run showed. */
function finding({ top1, blocks, damage }: Ablation): string {
  const sorted = blocks.toSorted((a, b) => a.top1 - b.top1)
  const median = sorted[sorted.length >> 1].top1
  const what = damage === 'remove' ? 'Without one block' : 'With two neighbours swapped'
  const [worst, best] = [sorted[0], sorted[sorted.length - 1]]
  return `The accuracy of the whole network is ${percent(top1)}. ${what}, the median is ${percent(median)}, the worst ${percent(worst.top1)} (${worst.block}) and the best ${percent(best.top1)} (${best.block}).`
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
