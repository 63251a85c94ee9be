import { type Content, Markup, markup } from './markup.ts'
import { pageStyles } from './page-styles.ts'
import type { Drawing } from './svg.ts'

export interface PageOptions {
  readonly title: string
  /** One or two sentences below the title. */
  readonly lead?: Content
  /** Sections, each beginning with an `h2`. */
  readonly body: Content
  /** CSS of this report, with the colours of theme.ts as `var(--name)`. */
  readonly styles?: string
  /** JavaScript that runs once the page has loaded. */
  readonly scripts?: string
}

/** The policy of a page that is opened from disk: it holds everything it needs and may fetch nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"

/**
 * A report as one HTML file: light or dark as the reader prefers, for screens that are at least 320 pixels wide. It can
 * be read without a mouse, without scripts and on paper.
 */
export function page({ title, lead, body, styles = '', scripts }: PageOptions): string {
  // Escaped so that neither can end its element, whatever it holds.
  const style = new Markup(`<style>${`${pageStyles}\n${styles}`.replaceAll('</', '<\\/')}</style>`)
  const script = scripts && new Markup(`<script type="module">${scripts.replaceAll('</', '<\\/')}</script>`)
  const text = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="generator" content="residual">
<title>${title}</title>
<link rel="icon" href="data:,">
${style}
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><h1>${title}</h1>${lead !== undefined && markup`<p class="lead">${lead}</p>`}</header>
<main id="content" tabindex="-1">
${body}
</main>
${script}
</body>
</html>
`
  return text.text
}

export interface FigureOptions {
  /** Draws the figure with a width in pixels; called for a wide and for a narrow page. */
  readonly draw: (width: number) => Drawing
  /** What the figure shows. */
  readonly caption: Content
  /** The figure's numbers, for readers who cannot see it or want exact values. */
  readonly table?: Markup
}

/** Widths that fill a page on a screen and on a phone without scaling the text. */
const WIDTHS = { wide: 760, narrow: 340 }

/** A drawing with its caption and its numbers. Its text has the same size on a phone and on a screen. */
export function figure({ draw, caption, table }: FigureOptions): Markup {
  return markup`<figure>
<div class="when-wide">${draw(WIDTHS.wide).svg}</div><div class="when-narrow">${draw(WIDTHS.narrow).svg}</div>
<figcaption>${caption}</figcaption>${table && markup`<details><summary>The numbers</summary>${table}</details>`}
</figure>`
}

export interface TableOptions {
  /** What the table lists; screen readers read it. */
  readonly caption: string
  /** A heading that begins with `>` marks a column of numbers, aligned right. */
  readonly headings: readonly string[]
  /** The first cell of each row names the row. */
  readonly rows: readonly (readonly Content[])[]
  /** The `id` attribute of a row. */
  readonly rowId?: (row: number) => string
}

/** A table that scrolls if it is wider than the page. */
export function dataTable({ caption, headings, rows, rowId }: TableOptions): Markup {
  const isNumber = headings.map(heading => heading.startsWith('>'))
  const head = headings.map(
    (heading, i) => markup`<th scope="col"${isNumber[i] && NUMBER}>${heading.replace(/^>/, '')}</th>`,
  )
  const body = rows.map((row, r) => {
    const cells = row.map((cell, i) =>
      i === 0 ? markup`<th scope="row">${cell}</th>` : markup`<td${isNumber[i] && NUMBER}>${cell}</td>`,
    )
    return markup`<tr${rowId && markup` id="${rowId(r)}"`}>${cells}</tr>\n`
  })
  return markup`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>
${body}</tbody></table></div>`
}

const NUMBER = new Markup(' class="n"')
