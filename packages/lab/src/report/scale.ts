/** What an axis shows. */
export interface Axis {
  /** What is measured, with its unit: `epoch`, `time (ms)`. */
  readonly label: string
  /** Default linear. A logarithmic axis leaves a gap where values are not above 0. */
  readonly scale?: 'linear' | 'log'
  /** Start of the axis; by default all values fit. */
  readonly min?: number
  /** End of the axis; by default all values fit. */
  readonly max?: number
  /** Formats the numbers along the axis. */
  readonly format?: (value: number) => string
}

/** An axis with its ends and its ticks. */
export interface Scale {
  readonly ticks: readonly { readonly at: number; readonly text: string }[]
  /** The position of a value, 0 at the start and 1 at the end; `undefined` if the axis has no place for it. */
  at(value: number): number | undefined
}

/**
 * Fits an axis to values; values that are not finite are ignored.
 * @param ticks about how many there is space for
 * @param isTight whether the axis ends at the values instead of at the next tick
 */
export function scaleOf(axis: Axis, values: readonly number[], ticks: number, isTight = false): Scale {
  return axis.scale === 'log' ? logScale(axis, values, ticks) : linearScale(axis, values, ticks, isTight)
}

function linearScale(axis: Axis, values: readonly number[], count: number, isTight: boolean): Scale {
  let [low, high] = [axis.min, axis.max]
  const [least, most] = rangeOf(values.filter(Number.isFinite))
  low ??= least
  high ??= most
  if (!(high > low)) [low, high] = [low - (axis.min === undefined ? 1 : 0), low + 1]
  const step = niceStep((high - low) / Math.max(1, count))
  const first = Math.floor(low / step + 1e-9)
  const last = Math.ceil(high / step - 1e-9)
  if (!isTight) {
    if (axis.min === undefined) low = first * step
    if (axis.max === undefined) high = last * step
  }
  const [from, to] = [low, high]
  const format = axis.format ?? plainNumber
  const ticks: { at: number; text: string }[] = []
  for (let i = first; i <= last; i++) {
    // Rounded, as 3 * 0.1 is not 0.3.
    const value = Number((i * step).toPrecision(12))
    const at = (value - from) / (to - from)
    if (at >= -1e-9 && at <= 1 + 1e-9) ticks.push({ at, text: format(value) })
  }
  return { ticks, at: value => (Number.isFinite(value) ? (value - from) / (to - from) : undefined) }
}

function logScale(axis: Axis, values: readonly number[], count: number): Scale {
  const [least, most] = rangeOf(values.filter(value => Number.isFinite(value) && value > 0))
  const first = axis.min === undefined ? Math.floor(Math.log10(least || 1) + 1e-9) : Math.log10(axis.min)
  let last = axis.max === undefined ? Math.ceil(Math.log10(most || 1) - 1e-9) : Math.log10(axis.max)
  if (!(last > first)) last = first + 1
  const at = (value: number) =>
    Number.isFinite(value) && value > 0 ? (Math.log10(value) - first) / (last - first) : undefined
  const stride = Math.max(1, Math.ceil((last - first) / Math.max(1, count)))
  const digits = last - first <= 2 ? [1, 2, 5] : [1]
  const format = axis.format ?? (value => (Math.abs(Math.log10(value)) < 4 ? plainNumber(value) : powerOfTen(value)))
  const ticks: { at: number; text: string }[] = []
  // Multiples of the stride, so that 1 is among them.
  for (let power = stride * Math.ceil(first / stride - 1e-9); power <= last + 1e-9; power += stride) {
    for (const digit of digits) {
      const value = Number(`${digit}e${power}`)
      const place = at(value) ?? -1
      if (place >= -1e-9 && place <= 1 + 1e-9) ticks.push({ at: place, text: format(value) })
    }
  }
  return { ticks, at }
}

/** The smallest and the largest value; `[0, 0]` for an empty list. Spreading a long list would overflow the stack. */
function rangeOf(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 0]
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity])
}

/** 1, 2 or 5 times a power of ten, at least `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step))
  const factor = [1, 2, 5, 10].find(candidate => candidate * power >= step * (1 - 1e-9)) ?? 10
  return factor * power
}

/** `1200000` as `1.2M`, `0.00001` as `1e-5`, others as they are. */
export function plainNumber(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && size < 1e-4) return Number(value.toPrecision(3)).toExponential()
  const [divisor, unit] = size >= 1e9 ? [1e9, 'G'] : size >= 1e6 ? [1e6, 'M'] : size >= 1e4 ? [1e3, 'k'] : [1, '']
  return `${Number((value / divisor).toPrecision(4))}${unit}`.replace('-', '−')
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** `1e-7` as `10⁻⁷`, `2e-7` as `2·10⁻⁷`. */
export function powerOfTen(value: number): string {
  const [digits, power] = value.toExponential().split('e')
  const raised = power
    .replace('+', '')
    .replace('-', '⁻')
    .replace(/\d/g, digit => SUPERSCRIPTS[Number(digit)])
  return digits === '1' ? `10${raised}` : `${digits}·10${raised}`
}
