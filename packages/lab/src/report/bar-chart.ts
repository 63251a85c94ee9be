import { frame, hueClass, SAMPLE_WIDTH, type SeriesStyle, tickCount } from './frame.ts'
import { markup } from './markup.ts'
import { type Axis, scaleOf } from './scale.ts'
import { type Drawing, px, textWidth } from './svg.ts'

/** One bar per category. */
export interface BarSeries extends SeriesStyle {
  /** One value per category; a value that is not finite has no bar. */
  readonly values: readonly number[]
}

export interface BarChartOptions {
  readonly title: string
  readonly categories: readonly string[]
  readonly series: readonly BarSeries[]
  /** What the categories mean. */
  readonly x: Pick<Axis, 'label'>
  readonly y: Axis
  /** Pixels, default 720. */
  readonly width?: number
  /** Pixels, default 320. */
  readonly height?: number
}

/** Draws bars side by side for each category, upwards from the start of the axis (default 0). */
export function barChart({ title, categories, series, x, y, width = 720, height = 320 }: BarChartOptions): Drawing {
  const isLog = y.scale === 'log'
  const values = series.flatMap(one => one.values)
  const up = scaleOf(y, isLog ? values : [0, ...values], tickCount(height, 60))
  const stride = strideOf(
    categories.map(name => textWidth(name, 12)),
    (width - 70) / categories.length,
  )
  const ticks = categories.map((text, i) => ({ at: (i + 0.5) / categories.length, text }))
  return frame({
    title,
    width,
    height,
    x: { label: x.label, ticks: ticks.filter((_, i) => i % stride === 0) },
    y: { label: y.label, scale: up },
    legend: series.map((one, i) => ({
      name: one.name,
      sample: (left, top) =>
        markup`<rect class="bar ${hueClass(one, i)}" x="${px(left)}" y="${top - 5}" width="${SAMPLE_WIDTH}" height="10"/>`,
    })),
    draw: area => {
      const each = area.width / categories.length
      const gap = Math.min(24, each * 0.25)
      const bar = (each - gap) / series.length
      const base = Math.max(0, up.at(isLog ? Number.NaN : 0) ?? 0)
      return categories.map((category, c) =>
        series.map((one, s) => {
          const at = up.at(one.values[c])
          if (at === undefined) return undefined
          const [low, high] = [Math.min(base, at), Math.max(base, at)].map(v => Math.min(1, Math.max(0, v)))
          const left = area.left + c * each + gap / 2 + s * bar
          return markup`<rect class="bar ${hueClass(one, s)}" x="${px(left)}" y="${px(area.top + (1 - high) * area.height)}" width="${px(Math.max(0.5, bar - (bar > 4 ? 1.5 : 0)))}" height="${px((high - low) * area.height)}"><title>${category}, ${one.name}: ${one.values[c].toLocaleString('en', { maximumSignificantDigits: 4 })}</title></rect>`
        }),
      )
    },
  })
}

/** If names do not fit side by side, only every second, third ... is written. */
function strideOf(widths: readonly number[], each: number): number {
  let stride = 1
  const collide = (width: number, i: number) => (width + (widths[i + stride] ?? 0)) / 2 + 6 > stride * each
  while (stride < widths.length && widths.some(collide)) stride++
  return stride
}
