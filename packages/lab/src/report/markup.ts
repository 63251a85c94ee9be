/** Text that is already HTML or SVG. Everything else in a report is escaped. */
export class Markup {
  readonly text: string

  /** @param text markup that this package wrote, never text from outside. */
  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** A value in a template of {@link markup}; `undefined` and `false` become nothing. */
export type Content = Markup | string | number | false | undefined | readonly Content[]

/**
 * HTML or SVG in which everything between `${}` is escaped, in text and in quoted attributes, except markup itself.
 *
 * @example markup`<p title="${title}">${lines.map(line => markup`<b>${line}</b>`)}</p>`
 */
export function markup(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(strings.reduce((text, string, i) => text + textOf(values[i - 1]) + string))
}

function textOf(content: Content): string {
  if (content === undefined || content === false) return ''
  if (content instanceof Markup) return content.text
  return typeof content === 'object' ? content.map(textOf).join('') : escaped(String(content))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Characters that XML does not allow, not even escaped, become the replacement character. */
const escaped = (text: string): string =>
  text
    .replace(/[&<>"']/g, character => ENTITIES[character])
    .replace(/[^\P{Cc}\t\n\r]|\p{Cs}|[\ufffe\uffff]/gu, '\ufffd')
