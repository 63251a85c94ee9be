/**
 * Characters that steer a terminal, or that break or reorder a line: control characters, line and paragraph separators,
 * marks of writing direction, and halves of surrogate pairs.
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu

/**
 * Untrusted text in a form that may be printed: every character that steers a terminal becomes `\u001b` or the like. All
 * other text, and text that has been escaped already, stays as it is. JSON remains JSON with the same value.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, character => {
    const escaped = JSON.stringify(character).slice(1, -1)
    return escaped === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : escaped
  })
}

/** How many characters of a message are shown at most, at its beginning and at its end. */
const SHOWN = { beginning: 1500, end: 300 }

/** The message of an error, which may hold untrusted names: printable, on one line, and of bounded length. */
export function messageLine(text: string): string {
  const { beginning, end } = SHOWN
  return printable(text.length > beginning + end ? `${text.slice(0, beginning)}…${text.slice(-end)}` : text)
}
