import { randomUUID } from 'node:crypto'
import { printable } from '@residual/core/printable'

/**
 * Marks where a style begins in text to be printed, until an escape sequence replaces it. It is random in each run,
 * like the boundary of a multipart message, so that no label or file name can contain it.
 */
const STYLE = randomUUID()

/**
 * Everything that this command prints goes through here: what a terminal would obey is escaped, except our own styles.
 */
function write(text: string, stream: NodeJS.WriteStream, before = '', after = '\n'): void {
  stream.write(`${before}${printable(text).replaceAll(STYLE, '\u001b[')}${after}`)
}

/** Prints one line of output that programs read. */
export function printJson(value: unknown): void {
  write(JSON.stringify(value), process.stdout)
}

export function printLine(line = ''): void {
  write(line, process.stdout)
}

/** Prints one line to standard error. */
export function printNote(line: string): void {
  write(line, process.stderr)
}

/** Shows the progress of a long run in the last line of a terminal, over what was there; elsewhere shows nothing. */
export function showStatus(line: string): void {
  if (process.stderr.isTTY) write(line, process.stderr, '\r', ' \u001b[K')
}

/** Clears what {@link showStatus} shows. */
export function clearStatus(): void {
  if (process.stderr.isTTY) write('', process.stderr, '\r', '\u001b[K')
}

const painter =
  (code: number) =>
  (text: string, stream: NodeJS.WriteStream = process.stdout): string =>
    text !== '' && stream.isTTY && !process.env.NO_COLOR ? `${STYLE}${code}m${text}${STYLE}0m` : text

/** Styles for terminals; elsewhere, and with NO_COLOR set, the text stays as it is. */
export const bold = painter(1)
export const dim = painter(2)
export const cyan = painter(36)

/** Styles that tell lines of a chart apart. */
export const hues = [36, 33, 35, 32, 34, 31].map(painter)

/** `1234567` as `1,234,567`. */
export const count = (value: number): string => value.toLocaleString('en')

/** `0.9173` as `91.73%`. */
export const percent = (fraction: number, digits = 1): string => `${(100 * fraction).toFixed(digits)}%`

/** `4089184256` as `4.09 G`, three significant digits. */
export function short(value: number): string {
  const units = ['', ' k', ' M', ' G', ' T']
  const power = value < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3))
  return power === 0 ? String(value) : `${(value / 1000 ** power).toPrecision(3)}${units[power]}`
}

/** `3211264` as `3.21 MB`. */
export const bytes = (value: number): string => (value < 1000 ? `${value} B` : `${short(value)}B`)

/** `4.1234` as `4.1 ms`, `61.23` as `61 ms`. */
export const milliseconds = (value: number): string => `${value < 10 ? value.toFixed(1) : count(Math.round(value))} ms`

/** Rounds to a thousandth, which is enough for a time. */
export const rounded = (value: number): number => Math.round(value * 1000) / 1000

/** Decimal numbers, short but exact: reading them gives the same float32. For JSON. */
export const shortFloats = (values: Float32Array): number[] => Array.from(values, x => Number(x.toPrecision(9)))

/** A bar of `width` characters for 1, in steps of an eighth of a character. */
export function bar(fraction: number, width: number): string {
  const eighths = Math.round(Math.max(0, Math.min(1, fraction)) * width * 8)
  return '█'.repeat(Math.floor(eighths / 8)) + ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8]
}

/** Names of ImageNet's classes can be long. */
const LABEL_WIDTH = 28
const LONG_LABEL_WIDTH = 80
const BAR_WIDTH = 30

/** The name of a class as it is printed, cut off if it is long. */
export const shortLabel = (label: string): string => cutLabel(label, LABEL_WIDTH)

/** The same for places with more space. */
export const longLabel = (label: string): string => cutLabel(label, LONG_LABEL_WIDTH)

function cutLabel(label: string, width: number): string {
  const characters = [...printable(label).slice(0, 2 * width + 2)]
  return characters.length > width ? `${characters.slice(0, width - 1).join('')}…` : characters.join('')
}

/** A line with a bar for each class. */
export function predictionLines(predictions: readonly { readonly label: string; readonly score: number }[]): string[] {
  const labels = predictions.map(({ label }) => shortLabel(label))
  const width = Math.max(...labels.map(label => label.length))
  return predictions.map(({ score }, i) =>
    `  ${labels[i].padEnd(width)}  ${percent(score).padStart(6)}  ${cyan(bar(score, BAR_WIDTH))}`.trimEnd(),
  )
}

/** Lines of cells in columns; those whose heading starts with `>` are aligned right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const isRight = headings.map(heading => heading.startsWith('>'))
  const titles = headings.map(heading => heading.replace(/^>/, ''))
  const shown = [titles, ...rows].map(cells => cells.map(printable))
  const widths = titles.map((_, j) => shown.reduce((width, cells) => Math.max(width, cells[j].length), 0))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, j) => (isRight[j] ? cell.padStart(widths[j]) : cell.padEnd(widths[j])))
      .join('  ')
      .trimEnd()
  const [head, ...lines] = shown.map(line)
  return [dim(head), ...lines]
}

/** Lines of names and values. */
export function pairs(entries: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...entries.map(([name]) => name.length))
  return entries.map(([name, value]) => `${dim(name.padEnd(width))}  ${value}`)
}
