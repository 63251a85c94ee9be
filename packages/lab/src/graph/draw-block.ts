import { type Content, type Markup, markup } from '../report/markup.ts'
import { TEXT } from './block-layout.ts'
import type { DrawnBlock } from './diagram.ts'
import { KINDS } from './kinds.ts'

/** Pixels from the top of a block, where its name is, down to its axis. */
export const axisOf = ({ caption, layout }: DrawnBlock): number => (caption === undefined ? 6 : 22) + layout.above

/**
 * The contents of a block's `svg` element.
 * @param extras attributes and children of the box with an id
 */
export function drawBlock(
  block: DrawnBlock,
  extras: (id: number) => { readonly attributes: Markup; readonly title?: Markup },
): Markup {
  const { caption, layout } = block
  const edges = layout.edges.map(
    ({ kind, path, isInto }) =>
      markup`<path class="edge ${kind}"${isInto && markup` marker-end="url(#${kind}-head)"`} d="${path}"/>`,
  )
  const boxes = layout.boxes.map(({ box, left, top, width, height }) => {
    const { attributes, title } = extras(box.id)
    const radius = box.kind === 'sum' ? height / 2 : 5
    const first = (height - (box.lines.length - 1) * TEXT.line) / 2 + 4
    const lines = box.lines.map(
      (line, i): Content => markup`<text x="${width / 2}" y="${first + i * TEXT.line}">${line}</text>`,
    )
    return markup`<g class="box ${box.kind}" transform="translate(${left} ${top})" ${attributes}>${title}<rect width="${width}" height="${height}" rx="${radius}"/>${lines}</g>`
  })
  const stubs = layout.stubs.map(
    ({ text, left, y }) => markup`<text class="stub" x="${left}" y="${y + 4}">${text}</text>`,
  )
  const name = caption !== undefined && markup`<text class="caption" x="28" y="14">${caption}</text>`
  return markup`${name}<g transform="translate(0 ${axisOf(block)})">${edges}${stubs}${boxes}</g>`
}

const head = (kind: string) =>
  markup`<marker id="${kind}-head" class="${kind}-head" viewBox="0 0 6 6" refX="5.5" refY="3" markerWidth="6" markerHeight="6" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L6 3L0 6z"/></marker>`

/** Definitions that all blocks refer to. */
export const definitions: Markup = markup`<defs>${head('main')}${head('shortcut')}</defs>`

const hueRules = Object.entries(KINDS).map(([kind, { hue }]) =>
  hue === undefined
    ? `.box.${kind} rect{fill:var(--panel);stroke:var(--line)}`
    : `.box.${kind} rect{fill:var(--tint${hue});stroke:var(--hue${hue})}`,
)

/** Styles of blocks, for pages and for files. */
export const blockStyles = [
  '.box text{font-size:12px;text-anchor:middle;fill:var(--text)}',
  '.box text:first-of-type{font-weight:600}',
  '.box rect{stroke-width:1.5}',
  ...hueRules,
  '.edge{fill:none;stroke:var(--line);stroke-width:1.5}',
  '.shortcut{stroke:var(--hue1);stroke-width:2}',
  '.main-head path{fill:var(--line)}',
  '.shortcut-head path{fill:var(--hue1)}',
  '.caption,.stub{font-size:12px;fill:var(--quiet)}',
  '.box:hover rect{stroke-width:3}',
  '.box:focus{outline:none}',
  '.box:focus rect{stroke-width:3.5;stroke:var(--text)}',
].join('\n')
