import { barChart } from '../report/bar-chart.ts'
import { count, milliseconds, short } from '../report/format.ts'
import { type Markup, markup } from '../report/markup.ts'
import { dataTable, figure, page } from '../report/page.ts'
import { browse } from './browse-page.ts'
import { detailsOf, factsOf, hasShortcuts, headingsOf, kindsIn, leadOf, operationText, totalsText } from './details.ts'
import { type Diagram, type DrawnBlock, type DrawnStage, totalsOf } from './diagram.ts'
import { pageStyles } from './diagram-page-styles.ts'
import { axisOf, blockStyles, definitions, drawBlock } from './draw-block.ts'
import { KINDS, shapeText } from './kinds.ts'

/** The diagram as a page whose stages open and close; it shows details of the layer that is pointed at or focused. */
export function diagramPage(diagram: Diagram): string {
  const { name, stages, boxes, milliseconds: time } = diagram
  const body = markup`
<svg class="definitions" width="0" height="0" aria-hidden="true">${definitions}</svg>
<dl class="facts">${factsOf(diagram).map(([fact, value]) => markup`<div><dt>${fact}</dt><dd>${value}</dd></div>`)}</dl>
<section aria-labelledby="layers"><h2 id="layers">Layers</h2>
<p>Data flows from left to right, line by line, like text. Each box is a layer together with the batch norm and the ReLU
that directly follow it. Point at a box or focus it to see its details; arrow keys move from box to box.</p>
<div class="tools"><ul class="legend">${kindsIn(diagram).map(legendItem)}${hasShortcuts(diagram) && shortcutItem}</ul>
<div class="buttons"><button type="button" id="open-all">Open all stages</button> <button type="button" id="close-all">Close all stages</button></div></div>
${stages.map(stage => stageOf(stage, diagram))}
</section>
${stages.length > 1 && sharesOf(diagram)}
<section aria-labelledby="all"><h2 id="all">All layers</h2>
<details class="all"><summary>A table of ${count(boxes.length)} boxes</summary>${dataTable({
    caption: `Layers of ${name}`,
    headings: headingsOf(diagram),
    rows: boxes.map(box => detailsOf(box, diagram)),
    rowId: row => `row-${row}`,
  })}</details>
<p class="notes">Multiply-accumulates (MACs) are counted for convolutions and linear layers, for one image. The receptive
field is the window of the input that one number of the output can depend on.${time !== undefined && ' Times are for one image, the shortest of several runs. The time of a convolution includes the sums and ReLUs that it computes while it stores its results.'}</p></section>
<div id="tip" role="tooltip" hidden></div>`
  return page({
    title: name,
    lead: leadOf(diagram),
    body,
    styles: `${blockStyles}\n${pageStyles}`,
    scripts: `(${browse})()`,
  })
}

const shortcutItem = markup`<li><svg width="30" height="12" aria-hidden="true"><path class="edge shortcut" d="M0 6H30"/></svg>Shortcut</li>`

const legendItem = (kind: keyof typeof KINDS): Markup =>
  markup`<li><svg width="22" height="14" aria-hidden="true"><g class="box ${kind}"><rect x="1" y="1" width="20" height="12" rx="${kind === 'sum' ? 6 : 3}"/></g></svg>${KINDS[kind].name}</li>`

function stageOf(stage: DrawnStage, diagram: Diagram): Markup {
  // Tab reaches one box of each stage; arrow keys reach the others from there.
  const entrance = stage.runs[0].blocks[0].layout.boxes[0].box.id
  const tile = (block: DrawnBlock): Markup => {
    const { layout } = block
    const drawing = drawBlock(block, id => {
      const box = diagram.boxes[id]
      const label = `${box.name}: ${operationText(box)}`
      return {
        attributes: markup`id="box-${id}" role="img" tabindex="${id === entrance ? 0 : -1}" aria-label="${label}"`,
      }
    })
    const height = axisOf(block) + stage.below + 2
    return markup`<svg class="block" width="${layout.width}" height="${height}" viewBox="0 0 ${layout.width} ${height}" role="group" aria-label="${block.name}">${drawing}</svg>`
  }
  const runs = stage.runs.map(({ blocks, repeats }) => {
    const drawn = blocks.map(tile)
    if (repeats.length === 0) return drawn
    const model = blocks[blocks.length - 1]
    const totals = totalsOf(
      repeats.flatMap(({ layout }) => layout.boxes.map(({ box }) => box)),
      diagram.milliseconds === undefined ? undefined : diagram.times,
    )
    const [from, to] = [repeats[0].name, repeats[repeats.length - 1].name]
    return [
      ...drawn,
      markup`<details class="repeats"><summary><span class="times">× ${count(repeats.length)}</span> <span>${from} to ${to}: the same as ${model.name}</span> <span class="quiet">${totalsText(totals, short)}</span></summary><div class="flow">${repeats.map(tile)}</div></details>`,
    ]
  })
  const blocks = `${count(stage.count)} ${stage.count === 1 ? 'block' : 'blocks'}`
  return markup`<details class="stage" open><summary><h3>${stage.name}</h3> <span class="quiet">${blocks} · output ${shapeText(stage.output)} · ${totalsText(stage, short)}</span></summary>
<div class="flow">${runs}</div></details>
`
}

/** Parameters, work and time of each stage, as fractions of the whole. */
function sharesOf({ stages, params, macs, milliseconds: time }: Diagram): Markup {
  const share = (of: (stage: DrawnStage) => number, total: number) =>
    stages.map(stage => (100 * of(stage)) / (total || 1))
  const series = [
    { name: 'parameters', values: share(stage => stage.params, params) },
    { name: 'multiply-accumulates', values: share(stage => stage.macs, macs) },
    ...(time === undefined ? [] : [{ name: 'time', values: share(stage => stage.milliseconds ?? 0, time) }]),
  ]
  const shares = figure({
    draw: width =>
      barChart({
        title: 'Share of each stage',
        categories: stages.map(({ name }) => name),
        series,
        x: { label: 'stage' },
        y: { label: 'share', format: value => `${value} %` },
        width,
        height: 300,
      }),
    caption: 'The share that each stage has of the network’s totals.',
    table: dataTable({
      caption: 'Stages',
      headings: ['stage', '>blocks', '>parameters', '>MACs', ...(time === undefined ? [] : ['>time'])],
      rows: stages.map(stage => [
        stage.name,
        count(stage.count),
        count(stage.params),
        count(stage.macs),
        ...(stage.milliseconds === undefined ? [] : [milliseconds(stage.milliseconds)]),
      ]),
    }),
  })
  return markup`<section aria-labelledby="shares"><h2 id="shares">Where the parameters and the work are</h2>${shares}</section>`
}
