import { count, short } from '../report/format.ts'
import { type Content, type Markup, markup } from '../report/markup.ts'
import { drawing, px, svgFile, textWidth } from '../report/svg.ts'
import { browse } from './browse-file.ts'
import { detailsOf, factsOf, hasShortcuts, headingsOf, kindsIn, operationText, totalsText } from './details.ts'
import type { Diagram, DrawnBlock, DrawnStage, Run } from './diagram.ts'
import { axisOf, blockStyles, definitions, drawBlock } from './draw-block.ts'
import { KINDS, shapeText } from './kinds.ts'

/** Pixels: the greatest width of a line of blocks. */
const WIDEST = 1600
const NARROWEST = 720
const MARGIN = 24
const HEADING = 34
/** Height of the frame around the note about repeated blocks. */
const REPEATS = 66
const BETWEEN = { lines: 6, stages: 14 }

const styles = `${blockStyles}
.heading{font-size:26px;font-weight:700}
.stage-name{font-size:15px;font-weight:600}
.quiet,.legend text{font-size:13px}
.quiet{fill:var(--quiet)}
.panel{fill:none;stroke:var(--faint)}
.panel-head{fill:var(--panel)}
.repeats rect{fill:none;stroke:var(--line);stroke-dasharray:4 3}
.tip rect{fill:var(--panel);stroke:var(--line)}
.tip text{font-size:12px}`

/**
 * The diagram as an SVG file. The facts about a box are its title, which browsers show at the pointer. If the file is
 * opened by itself, it can also be browsed with the keyboard.
 */
export function diagramFile(diagram: Diagram): string {
  const stages = diagram.stages.map(stage => ({ stage, lines: linesOf(stage) }))
  const widest = Math.max(...stages.flatMap(({ lines }) => lines.map(line => widthOf(line))))
  const facts = factsOf(diagram)
    .map(([name, value]) => `${name} ${value}`)
    .join('   ·   ')
  const inner = Math.max(NARROWEST, widest + 24, 1.1 * textWidth(facts, 13))
  const width = Math.ceil(inner + 2 * MARGIN)
  const legend = legendOf(diagram, 106, width)
  let top = legend.bottom + 16
  const drawn = stages.map(({ stage, lines }) => {
    const height = HEADING + 8 + lines.reduce((sum, line) => sum + axisIn(line) + stage.below + BETWEEN.lines, 0)
    const content = stageOf(stage, lines, top, { width, height }, diagram)
    top += height + BETWEEN.stages
    return content
  })
  const content = markup`${definitions}<text class="heading" x="${MARGIN}" y="46">${diagram.name}</text><text class="quiet" x="${MARGIN}" y="74">${facts}</text>${legend.content}${drawn}`
  const label = `Diagram of ${diagram.name}: ${facts}`
  const file = drawing({ width, height: Math.ceil(top + 10), label, content, styles, kind: 'diagram', role: 'group' })
  return svgFile(file, `(${browse})()`)
}

/** A block, or a note about blocks that are the same. */
type Tile = { readonly block: DrawnBlock } | { readonly repeats: Run['repeats']; readonly texts: readonly string[] }

const tileWidth = (tile: Tile): number =>
  'block' in tile ? tile.block.layout.width : Math.ceil(Math.max(...tile.texts.map(text => textWidth(text, 13)))) + 32

const widthOf = (line: readonly Tile[]): number => line.reduce((sum, tile) => sum + tileWidth(tile), 0)

/** Pixels from the top of a line of blocks to the axis that all of them share. */
const axisIn = (line: readonly Tile[]): number =>
  Math.max(...line.map(tile => ('block' in tile ? axisOf(tile.block) : REPEATS / 2)))

function linesOf({ runs }: DrawnStage): Tile[][] {
  const tiles = runs.flatMap(({ blocks, repeats }): Tile[] => [
    ...blocks.map(block => ({ block })),
    ...(repeats.length === 0 ? [] : [{ repeats, texts: repeatTexts(blocks, repeats) }]),
  ])
  const lines: Tile[][] = [[]]
  for (const tile of tiles) {
    const line = lines[lines.length - 1]
    if (line.length > 0 && widthOf(line) + tileWidth(tile) > WIDEST - 2 * MARGIN) lines.push([tile])
    else line.push(tile)
  }
  return lines
}

function repeatTexts(blocks: Run['blocks'], repeats: Run['repeats']): string[] {
  const [from, to] = [repeats[0].name, repeats[repeats.length - 1].name]
  return [`× ${count(repeats.length)}`, `${from} to ${to}`, `the same as ${blocks[blocks.length - 1].name}`]
}

function stageOf(
  stage: DrawnStage,
  lines: readonly (readonly Tile[])[],
  top: number,
  { width, height }: { width: number; height: number },
  diagram: Diagram,
): Markup {
  let bottom = top + HEADING + 6
  const rows = lines.map(line => {
    const axis = axisIn(line)
    const y = bottom
    bottom += axis + stage.below + BETWEEN.lines
    let left = MARGIN + 12
    return line.map(tile => {
      const content = markup`<g transform="translate(${px(left)} ${px(y)})">${tileOf(tile, axis, diagram)}</g>`
      left += tileWidth(tile)
      return content
    })
  })
  const blocks = `${count(stage.count)} ${stage.count === 1 ? 'block' : 'blocks'}`
  const summary = `${blocks} · output ${shapeText(stage.output)} · ${totalsText(stage, short)}`
  return markup`<g role="group" aria-label="${stage.name}"><rect class="panel-head" x="${MARGIN}" y="${px(top)}" width="${width - 2 * MARGIN}" height="${HEADING}" rx="8"/><rect class="panel" x="${MARGIN}" y="${px(top)}" width="${width - 2 * MARGIN}" height="${px(height)}" rx="8"/><text class="stage-name" x="${MARGIN + 14}" y="${px(top + 22)}">${stage.name}</text><text class="quiet" x="${px(MARGIN + 14 + textWidth(stage.name, 15) * 1.1 + 18)}" y="${px(top + 22)}">${summary}</text>${rows}</g>`
}

function tileOf(tile: Tile, axis: number, diagram: Diagram): Content {
  if ('block' in tile) {
    const drawing = drawBlock(tile.block, id => ({ attributes: boxAttributes(id), title: boxTitle(id, diagram) }))
    return markup`<g transform="translate(0 ${axis - axisOf(tile.block)})">${drawing}</g>`
  }
  return markup`<g class="repeats"><rect x="8" y="${axis - REPEATS / 2}" width="${tileWidth(tile) - 16}" height="${REPEATS}" rx="8"/>${tile.texts.map((text, i) => markup`<text class="${i === 0 ? 'stage-name' : 'quiet'}" x="20" y="${axis - 12 + i * 19}">${text}</text>`)}</g>`
}

const boxAttributes = (id: number): Markup => markup`role="img" tabindex="${id === 0 ? 0 : -1}"`

/** One line per fact. */
function boxTitle(id: number, diagram: Diagram): Markup {
  const headings = headingsOf(diagram).map(heading => heading.replace(/^>/, ''))
  const [name, , ...values] = detailsOf(diagram.boxes[id], diagram)
  const lines = values.flatMap((value, i) => (value === '' || value === '0' ? [] : [`${headings[i + 2]}: ${value}`]))
  return markup`<title>${[`${name}: ${operationText(diagram.boxes[id])}`, ...lines].join('\n')}</title>`
}

function legendOf(diagram: Diagram, top: number, width: number): { content: Markup; bottom: number } {
  let [left, line] = [MARGIN, 0]
  const place = (name: string) => {
    const needed = 30 + textWidth(name, 13) + 22
    if (left > MARGIN && left + needed > width - MARGIN) [left, line] = [MARGIN, line + 1]
    const at = { x: px(left), y: top + line * 22 }
    left += needed
    return at
  }
  const items = kindsIn(diagram).map(kind => {
    const { x, y } = place(KINDS[kind].name)
    return markup`<g transform="translate(${x} ${y})"><g class="box ${kind}"><rect y="-11" width="22" height="14" rx="${kind === 'sum' ? 7 : 3}"/></g><text x="30">${KINDS[kind].name}</text></g>`
  })
  if (hasShortcuts(diagram)) {
    const { x, y } = place('Shortcut')
    items.push(
      markup`<g transform="translate(${x} ${y})"><path class="edge shortcut" d="M0 -4H22"/><text x="30">Shortcut</text></g>`,
    )
  }
  return { content: markup`<g class="legend">${items}</g>`, bottom: top + line * 22 }
}
