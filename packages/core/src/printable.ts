/**
 * Characters that steer a terminal, or that break or reorder a line: control characters, line and paragraph separators,
 * marks of writing direction, and halves of surrogate pairs.
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu

/**
 * Makes untrusted text safe to print: every character that steers a terminal becomes an escape such as `\u001b`. All
 * other text, including text that is already escaped, stays as it is. JSON remains JSON with the same value.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, character => {
    const escaped = JSON.stringify(character).slice(1, -1)
    return escaped === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : escaped
  })
}

/** The most characters of a message that are shown from its beginning and from its end. */
const SHOWN = { beginning: 1500, end: 300 }

/** Makes an error message, which may hold untrusted names, printable, on one line and of bounded length. */
export function messageLine(text: string): string {
  const { beginning, end } = SHOWN
  return printable(text.length > beginning + end ? `${text.slice(0, beginning)}…${text.slice(-end)}` : text)
}
