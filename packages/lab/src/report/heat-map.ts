import { frame, SAMPLE_WIDTH, tickCount } from './frame.ts'
import { markup } from './markup.ts'
import { type Axis, scaleOf } from './scale.ts'
import { type Drawing, px } from './svg.ts'

export interface HeatMapOptions {
  readonly title: string
  /** Names of the rows, from top to bottom. */
  readonly rows: readonly string[]
  /** A value for each column of each row; a value that is not on the colour axis is left blank. */
  readonly values: readonly (readonly number[])[]
  readonly x: Pick<Axis, 'label'>
  readonly y: Pick<Axis, 'label'>
  /** The meaning of the colours. Fix its ends to compare several maps. */
  readonly colour: Axis
  /** Pixels, default 720. */
  readonly width?: number
  /** Pixels, default 24 per row plus title and axes. */
  readonly height?: number
}

/** Number of distinct shades, from pale to the full hue. */
const SHADES = 12
const PALEST = 0.08
/** Columns narrower than this many pixels are merged and get the mean of their colours. */
const NARROWEST = 2

/** Draws numbers as shades in rows and columns; columns are numbered from 1. */
export function heatMap({ title, rows, values, x, y, colour, width = 720, height }: HeatMapOptions): Drawing {
  const columns = Math.max(...values.map(row => row.length))
  const shades = scaleOf(colour, values.flat(), 4)
  const across = scaleOf({ label: x.label, min: 1, max: columns }, [], tickCount(width, 80), true)
  const at = (column: number) => (column + 0.5) / columns
  const ticks = across.ticks.filter(({ text }) => /^\d+$/.test(text) && text !== '0')
  return frame({
    title,
    width,
    height: height ?? 24 * rows.length + 130,
    x: { label: x.label, ticks: ticks.map(({ text }) => ({ at: at(Number(text) - 1), text })) },
    y: {
      label: y.label,
      scale: { ticks: rows.map((text, i) => ({ at: 1 - (i + 0.5) / rows.length, text })), at: () => undefined },
    },
    legend: shades.ticks.map(({ at, text }) => ({
      name: text,
      sample: (left, top) =>
        markup`<rect class="heat" fill-opacity="${opacityOf(at)}" x="${px(left)}" y="${top - 6}" width="${SAMPLE_WIDTH}" height="12"/>`,
    })),
    draw: area => {
      const each = Math.ceil((NARROWEST * columns) / area.width)
      const paths = new Map<number, string>()
      for (const [r, row] of values.entries()) {
        const top = px(area.top + (r * area.height) / rows.length)
        const bottom = px(area.top + ((r + 1) * area.height) / rows.length)
        for (const { from, to, opacity } of runsOf(row, each, shades.at)) {
          const [left, right] = [from, to].map(column => px(area.left + (column * area.width) / columns))
          paths.set(opacity, `${paths.get(opacity) ?? ''}M${left} ${top}H${right}V${bottom}H${left}Z`)
        }
      }
      return markup`<g shape-rendering="crispEdges"><rect class="cover" x="${area.left}" y="${area.top}" width="${area.width}" height="${area.height}"/>${[...paths].map(([opacity, d]) => markup`<path class="heat" fill-opacity="${opacity}" d="${d}"/>`)}</g>`
    },
  })
}

const opacityOf = (at: number): number => {
  const shade = Math.round(Math.min(1, Math.max(0, at)) * (SHADES - 1)) / (SHADES - 1)
  return Math.round(100 * (PALEST + (1 - PALEST) * shade)) / 100
}

/** Neighbouring columns with one shade, `each` columns merged; blank ones are left out. */
function runsOf(row: readonly number[], each: number, place: (value: number) => number | undefined) {
  const runs: { from: number; to: number; opacity: number }[] = []
  for (let from = 0; from < row.length; from += each) {
    const to = Math.min(row.length, from + each)
    const places = row.slice(from, to).flatMap(value => place(value) ?? [])
    if (places.length === 0) continue
    const opacity = opacityOf(places.reduce((a, b) => a + b) / places.length)
    const last = runs[runs.length - 1]
    if (last?.to === from && last.opacity === opacity) last.to = to
    else runs.push({ from, to, opacity })
  }
  return runs
}
