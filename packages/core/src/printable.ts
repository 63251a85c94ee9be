/**
 * What a terminal obeys, or what breaks or reorders a line, rather than what is read: control characters, line and
 * paragraph separators, marks of the direction of writing, and halves of surrogate pairs.
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu

/**
 * Untrusted text as it may be printed: `\u001b` and the like in place of every character that a terminal would obey. All
 * other text, and what has been escaped already, stays as it is. JSON remains JSON of the same value.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, character => {
    const escaped = JSON.stringify(character).slice(1, -1)
    return escaped === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : escaped
  })
}

/** The most characters of a message that are shown, at its beginning and at its end. */
const SHOWN = { beginning: 1500, end: 300 }

/** The message of an error, which may hold untrusted names: printable, on one line, and of bounded length. */
export function messageLine(text: string): string {
  const { beginning, end } = SHOWN
  return printable(text.length > beginning + end ? `${text.slice(0, beginning)}…${text.slice(-end)}` : text)
}
