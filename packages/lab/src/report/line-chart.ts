import { frame, hueClass, SAMPLE_WIDTH, type SeriesStyle, tickCount } from './frame.ts'
import { type Content, markup } from './markup.ts'
import { type Axis, type Scale, scaleOf } from './scale.ts'
import { type Drawing, px } from './svg.ts'

/** One line. */
export interface LineSeries extends SeriesStyle {
  /** Points in the order in which they are joined; a `y` that is not finite leaves a gap. */
  readonly points: readonly (readonly [x: number, y: number])[]
  /** A range, such as the smallest and largest value of several seeds, drawn as an area under the line. */
  readonly band?: readonly (readonly [x: number, low: number, high: number])[]
  /** Default solid. */
  readonly dashed?: boolean
}

export interface LineChartOptions {
  readonly title: string
  readonly series: readonly LineSeries[]
  readonly x: Axis
  readonly y: Axis
  /** Pixels, default 720. */
  readonly width?: number
  /** Pixels, default 400. */
  readonly height?: number
}

/** With more points than this, points get no marks. */
const MARKED = 30

/** Draws curves with axes, a legend and bands. */
export function lineChart({ title, series, x, y, width = 720, height = 400 }: LineChartOptions): Drawing {
  const xs = series.flatMap(({ points, band = [] }) => [...points, ...band].map(([value]) => value))
  const ys = series.flatMap(({ points, band = [] }) => [...points.map(([, v]) => v), ...band.flatMap(([, ...b]) => b)])
  const across = scaleOf(x, xs, tickCount(width, 80), true)
  const up = scaleOf(y, ys, tickCount(height, 60))
  const styleOf = (one: LineSeries, i: number) => `line ${hueClass(one, i)}${one.dashed ? ' dashed' : ''}`
  return frame({
    title,
    width,
    height,
    x: { label: x.label, ticks: across.ticks },
    y: { label: y.label, scale: up },
    legend: series.map((one, i) => ({
      name: one.name,
      sample: (left, top) => markup`<path class="${styleOf(one, i)}" d="M${px(left)} ${top}h${SAMPLE_WIDTH}"/>`,
    })),
    draw: area => {
      const place = placer(across, up, area)
      return series.map((one, i): Content => {
        const points = one.points.map(([a, b]) => place(a, b))
        const marks = points.length > MARKED ? [] : points.filter(point => point !== undefined)
        return markup`<g class="${hueClass(one, i)}"><title>${one.name}</title>${bandOf(one, i, place)}<path class="${styleOf(one, i)}" d="${pathOf(points)}"/>${marks.map(([left, top]) => markup`<circle cx="${left}" cy="${top}" r="2.5"/>`)}</g>`
      })
    },
  })
}

type Point = readonly [left: number, top: number]
type Placer = (x: number, y: number) => Point | undefined

/** Values beyond the ends of an axis are drawn at its ends. */
function placer(across: Scale, up: Scale, area: { left: number; top: number; width: number; height: number }): Placer {
  const within = (value: number) => Math.min(1, Math.max(0, value))
  return (x, y) => {
    const [a, b] = [across.at(x), up.at(y)]
    if (a === undefined || b === undefined) return undefined
    return [px(area.left + within(a) * area.width), px(area.top + (1 - within(b)) * area.height)]
  }
}

/** Lines through the points, with a gap where a point is missing. */
function pathOf(points: readonly (Point | undefined)[]): string {
  return points.map((point, i) => (point ? `${points[i - 1] ? 'L' : 'M'}${point[0]} ${point[1]}` : '')).join('')
}

function bandOf(series: LineSeries, position: number, place: Placer): Content {
  const edges = (series.band ?? []).map(([x, low, high]) => [place(x, low), place(x, high)] as const)
  const whole = edges.filter(([low, high]) => low !== undefined && high !== undefined)
  if (whole.length < 2) return undefined
  const outline = [...whole.map(([, high]) => high), ...whole.map(([low]) => low).reverse()]
  return markup`<path class="band ${hueClass(series, position)}" d="${pathOf(outline)}Z"/>`
}
