import { hues } from './output.ts'

/** Numbers along a line, which is drawn from the left edge to the right. */
export interface ChartLine {
  readonly name: string
  /** Values that are not above 0 leave a gap. */
  readonly values: readonly number[]
}

/** The bits of the dots of a braille character, which are added to the blank one: two columns of four. */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
]
const BLANK = 0x2800

/** Draws lines on a logarithmic axis in characters, with the names of the lines at their ends. */
export function logChart(lines: readonly ChartLine[], { width = 80, height = 10 } = {}): string[] {
  const rows = Math.max(height, lines.length)
  const { low, high } = decadesOf(lines.flatMap(({ values }) => values))
  const place = (value: number) => Math.round(((high - Math.log10(value)) / (high - low)) * (4 * rows - 1))
  const labels = labelsOf(low, high, rows)
  const left = Math.max(...labels.map(label => label.length))
  const titles = lines.map(({ name, values }) => {
    return values.some(isShown) ? name : `${name} (${values.every(value => value === 0) ? '0' : 'not finite'})`
  })
  const right = Math.max(...titles.map(title => title.length))
  const columns = Math.max(10, width - left - right - 4)
  const cells = Array.from({ length: rows }, () => Array.from({ length: columns }, () => ({ dots: 0, line: 0 })))
  for (const [line, { values }] of lines.entries()) {
    let before: number | undefined
    for (let x = 0; x < 2 * columns; x++) {
      const value = valueAt(values, x / (2 * columns - 1))
      const y = isShown(value) ? place(value) : undefined
      // Dots between two columns belong to the later one.
      const from = y === undefined || before === undefined || before === y ? y : before + Math.sign(y - before)
      before = y
      if (y === undefined || from === undefined) continue
      for (let dot = Math.min(from, y); dot <= Math.max(from, y); dot++) {
        const cell = cells[dot >> 2][x >> 1]
        cell.dots |= DOTS[x & 1][dot & 3]
        cell.line = line
      }
    }
  }
  const names = namesOf(lines, rows, value => place(value) >> 2)
  return cells.map((row, r) => {
    const drawn = row.map(({ dots, line }) => (dots === 0 ? ' ' : painted(String.fromCharCode(BLANK + dots), line)))
    const name = names[r]
    const end = name === undefined ? '' : ` ${painted(titles[name], name)}`
    return `${labels[r].padStart(left)} ┤${drawn.join('')}${end}`.trimEnd()
  })
}

/** Whether a logarithmic axis can show it. */
const isShown = (value: number): boolean => value > 0 && Number.isFinite(value)

const painted = (text: string, line: number): string => hues[line % hues.length](text)

/** Whole powers of ten around all values. */
function decadesOf(values: readonly number[]): { low: number; high: number } {
  const logs = values.filter(isShown).map(Math.log10)
  if (logs.length === 0) return { low: -1, high: 0 }
  const low = Math.floor(Math.min(...logs))
  return { low, high: Math.max(low + 1, Math.ceil(Math.max(...logs))) }
}

/** The text before each row: powers of ten, as many as there is space for. */
function labelsOf(low: number, high: number, rows: number): string[] {
  const labels = Array.from({ length: rows }, () => '')
  const stride = Math.ceil((high - low) / (rows / 2))
  for (let power = high; power >= low; power -= stride) {
    labels[Math.round(((high - power) / (high - low)) * (4 * rows - 1)) >> 2] = powerText(power)
  }
  return labels
}

const powerText = (power: number): string => (Math.abs(power) <= 3 ? String(Number(`1e${power}`)) : `1e${power}`)

/** The value at a place from 0 to 1, interpolated between its neighbours on the logarithmic axis. */
function valueAt(values: readonly number[], place: number): number {
  const at = place * (values.length - 1)
  const [before, after] = [values[Math.floor(at)], values[Math.ceil(at)]]
  const part = at - Math.floor(at)
  return part === 0 ? before : before ** (1 - part) * after ** part
}

/** The line whose name is written after each row: in the row where the line ends, or as near as there is space. */
function namesOf(lines: readonly ChartLine[], rows: number, rowOf: (value: number) => number): (number | undefined)[] {
  const ends = lines.map(({ values }) => {
    const end = values[values.length - 1]
    return isShown(end) ? rowOf(end) : rows - 1
  })
  const order = lines.map((_, i) => i).sort((a, b) => ends[a] - ends[b])
  const names: (number | undefined)[] = Array.from({ length: rows }, () => undefined)
  let next = 0
  for (const [i, line] of order.entries()) {
    const last = rows - (order.length - i)
    const row = Math.min(last, Math.max(next, ends[line]))
    names[row] = line
    next = row + 1
  }
  return names
}
