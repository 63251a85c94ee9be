import { type Content, type Markup, markup } from './markup.ts'
import type { Scale } from './scale.ts'
import { type Drawing, drawing, px, textWidth } from './svg.ts'
import { HUES } from './theme.ts'

/** The name and style of one series of numbers. */
export interface SeriesStyle {
  readonly name: string
  /** One of the eight hues; default the position among the series. */
  readonly hue?: number
}

/** The area in which values are drawn, in pixels. */
interface Area {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export interface FrameOptions {
  readonly title: string
  readonly width: number
  readonly height: number
  readonly x: { readonly label: string; readonly ticks: Scale['ticks'] }
  readonly y: { readonly label: string; readonly scale: Scale }
  readonly legend: readonly { readonly name: string; readonly sample: (x: number, y: number) => Markup }[]
  /** Draws the values. */
  readonly draw: (area: Area) => Content
}

const SIZE = 12
const TITLE_SIZE = 14
/** How much wider letters are in the font weight of titles. */
const TITLE_WEIGHT = 1.15
const LINE = 18
const SAMPLE = 24

/** Title, legend, axes and grid around a chart's values. */
export function frame({ title, width, height, x, y, legend, draw }: FrameOptions): Drawing {
  const titleLines = wrapped(title, width - 4, TITLE_SIZE * TITLE_WEIGHT)
  const titleBottom = 17 + (titleLines.length - 1) * LINE
  const { markup: names, lines } = legendOf(legend, width, titleBottom + 21)
  const labels = y.scale.ticks.map(({ text }) => textWidth(text, SIZE))
  const left = Math.ceil(Math.max(24, ...labels)) + 30
  const top = titleBottom + 17 + lines * LINE + 10
  const area: Area = { left, top, width: width - left - 16, height: height - top - 48 }
  const bottom = area.top + area.height
  const content = markup`
${titleLines.map((line, i) => markup`<text class="title" x="2" y="${17 + i * LINE}">${line}</text>`)}${names}
<g class="grid">${y.scale.ticks.map(({ at }) => {
    const place = px(bottom - at * area.height)
    return markup`<path d="M${left} ${place}H${px(left + area.width)}"/>`
  })}</g>
<g class="ticks">${y.scale.ticks.map(
    ({ at, text }) =>
      markup`<text x="${left - 8}" y="${px(bottom - at * area.height + 4)}" text-anchor="end">${text}</text>`,
  )}${x.ticks.map(
    ({ at, text }) =>
      markup`<text x="${px(left + at * area.width)}" y="${bottom + 18}" text-anchor="middle">${text}</text>`,
  )}</g>
<text class="axis" x="${px(left + area.width / 2)}" y="${height - 8}" text-anchor="middle">${x.label}</text>
<text class="axis" transform="translate(13 ${px(area.top + area.height / 2)}) rotate(-90)" text-anchor="middle">${y.label}</text>
${draw(area)}
<path class="base" d="M${left} ${px(bottom)}H${px(left + area.width)}"/>`
  const label = `${title}: ${y.label} against ${x.label} of ${legend.map(({ name }) => name).join(', ')}`
  return drawing({ width, height, label, content, styles: chartStyles, kind: 'chart' })
}

/** Breaks a text between words into as many lines as it needs. */
function wrapped(text: string, width: number, size: number): string[] {
  const [first, ...words] = text.split(' ')
  const lines = [first]
  for (const word of words) {
    const joined = `${lines[lines.length - 1]} ${word}`
    if (textWidth(joined, size) <= width) lines[lines.length - 1] = joined
    else lines.push(word)
  }
  return lines
}

/** Draws names next to samples, in as many lines as they need, the first at `top`. */
function legendOf(legend: FrameOptions['legend'], width: number, top: number): { markup: Markup; lines: number } {
  if (legend.length < 2) return { markup: markup``, lines: 0 }
  let [left, line] = [2, 0]
  const items = legend.map(({ name, sample }) => {
    const needed = SAMPLE + 8 + textWidth(name, SIZE) + 16
    if (left > 2 && left + needed > width) [left, line] = [2, line + 1]
    const [at, y] = [left, top + line * LINE]
    left += needed
    return markup`${sample(at, y - 4)}<text x="${px(at + SAMPLE + 8)}" y="${y}">${name}</text>`
  })
  return { markup: markup`<g class="legend">${items}</g>`, lines: line + 1 }
}

/** Width of a sample in the legend. */
export const SAMPLE_WIDTH = SAMPLE

/** The class that colours a series. */
export const hueClass = (series: SeriesStyle, position: number): string => `hue${(series.hue ?? position) % HUES}`

/** About how many ticks fit on an axis of this many pixels. */
export const tickCount = (pixels: number, each: number): number => Math.max(2, Math.floor(pixels / each))

/** Styles of all charts. */
export const chartStyles = [
  '.chart text{font-size:12px;fill:var(--text)}',
  `.chart .title{font-size:${TITLE_SIZE}px;font-weight:600}`,
  '.chart .axis,.chart .ticks text{fill:var(--quiet)}',
  '.chart .grid path{stroke:var(--faint);stroke-width:1}',
  '.chart .base{stroke:var(--line);stroke-width:1}',
  '.chart .line{fill:none;stroke-width:2;stroke-linejoin:round}',
  '.chart .band{opacity:.2;stroke:none}',
  '.chart .dashed{stroke-dasharray:6 4}',
  ...Array.from({ length: HUES }, (_, i) => `.chart .hue${i}{stroke:var(--hue${i});fill:var(--hue${i})}`),
  '.chart path.line{fill:none}',
  '.chart rect.bar{stroke:none}',
  '.chart .heat{fill:var(--hue0);stroke:none}',
  '.chart .cover{fill:var(--ground);stroke:none}',
].join('\n')
