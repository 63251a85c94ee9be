import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  bold,
  clearStatus,
  cyan,
  longLabel,
  pairs,
  predictionLines,
  printJson,
  printLine,
  printNote,
  shortLabel,
  showStatus,
  table,
} from '../src/output.ts'

/** Sets the window's title and a style, reverses text, and ends the line. */
const LABEL = '\u001b]0;x\u0007\u001b[1m\u202e\r\n'
const SHOWN = '\\u001b]0;x\\u0007\\u001b[1m\\u202e\\r\\n'

let written: string
const keep = (chunk: unknown) => {
  written += chunk
  return true
}
beforeEach(() => {
  written = ''
  vi.stubEnv('NO_COLOR', '')
  vi.spyOn(process.stdout, 'write').mockImplementation(keep)
  vi.spyOn(process.stderr, 'write').mockImplementation(keep)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  setTerminal(undefined)
})

function setTerminal(isTTY: boolean | undefined) {
  for (const stream of [process.stdout, process.stderr]) Object.assign(stream, { isTTY })
}

/** Each way to print, and what it writes on a terminal and elsewhere. */
const ways: [what: string, print: () => void, terminal: string, elsewhere: string][] = [
  ['a line', () => printLine(`label ${LABEL}`), `label ${SHOWN}\n`, `label ${SHOWN}\n`],
  ['an empty line', () => printLine(), '\n', '\n'],
  ['a note on standard error', () => printNote(LABEL), `${SHOWN}\n`, `${SHOWN}\n`],
  [
    'a style',
    () => printLine(`${bold(LABEL)} ${LABEL} ${cyan('█')}`),
    `\u001b[1m${SHOWN}\u001b[0m ${SHOWN} \u001b[36m█\u001b[0m\n`,
    `${SHOWN} ${SHOWN} █\n`,
  ],
  ['the progress of a run', () => showStatus(LABEL), `\r${SHOWN} \u001b[K`, ''],
  ['the end of that', () => clearStatus(), '\r\u001b[K', ''],
  ['JSON', () => printJson({ a: '\u009b\u202e' }), '{"a":"\\u009b\\u202e"}\n', '{"a":"\\u009b\\u202e"}\n'],
]

describe('a terminal obeys only the styles of the command', () => {
  test.each(ways)('%s', (_, print, terminal, elsewhere) => {
    setTerminal(true)
    print()
    expect(written).toBe(terminal)
    written = ''
    setTerminal(false)
    print()
    expect(written).toBe(elsewhere)
    written = ''
    setTerminal(true)
    vi.stubEnv('NO_COLOR', '1')
    print()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a terminal is sent.
    expect(written).toBe(terminal.replace(/\u001b\[\d+m/g, ''))
  })
})

describe('columns are laid out by the printed text', () => {
  test('of a table', () => {
    const rows = [
      ['\u001b[1m', '1'],
      ['cat', '20'],
    ]
    expect(table(['name\n', '>n'], rows)).toEqual(['name\\n      n', '\\u001b[1m   1', 'cat        20'])
  })

  test('of names and values', () => {
    pairs([
      ['model', LABEL],
      ['in', 'out'],
    ]).forEach(printLine)
    expect(written).toBe(`model  ${SHOWN}\nin     out\n`)
  })

  test('of predictions', () => {
    const predictions = [
      { label: '\u001b[1m', score: 0.5 },
      { label: 'cat', score: 0 },
    ]
    expect(predictionLines(predictions)).toEqual(['  \\u001b[1m   50.0%  ███████████████', '  cat          0.0%'])
  })
})

describe('a label', () => {
  test.each<[label: string, shown: string]>([
    ['Egyptian cat', 'Egyptian cat'],
    ['a'.repeat(28), 'a'.repeat(28)],
    ['a'.repeat(29), `${'a'.repeat(27)}…`],
    ['😀'.repeat(28), '😀'.repeat(28)],
    ['😀'.repeat(29), `${'😀'.repeat(27)}…`],
    ['\u001b[1m'.repeat(1e5), '\\u001b[1m\\u001b[1m\\u001b[1m…'],
  ])('is cut off if it is long: case %#', (label, shown) => {
    expect(shortLabel(label)).toBe(shown)
  })

  test('may be longer where there is space', () => {
    expect(longLabel('a'.repeat(80))).toBe('a'.repeat(80))
    expect(longLabel('a'.repeat(81))).toBe(`${'a'.repeat(79)}…`)
  })
})
