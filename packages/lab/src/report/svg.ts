import { type Content, Markup, markup } from './markup.ts'
import { FONT, resolved } from './theme.ts'

/** A drawing and its styles, which use the colour names of theme.ts: `fill:var(--text)`. */
export interface Drawing {
  readonly svg: Markup
  readonly width: number
  readonly height: number
  readonly styles: string
}

export interface DrawingOptions {
  readonly width: number
  readonly height: number
  /** What the drawing shows, for screen readers. */
  readonly label: string
  readonly content: Content
  /** CSS of the content. */
  readonly styles: string
  /** Class of the `svg` element, so that styles of one kind of drawing do not affect another. */
  readonly kind: string
  /** `group` if parts of the drawing can be focused; default `img`: a single drawing for screen readers. */
  readonly role?: 'img' | 'group'
}

/** Makes a drawing of `width` by `height` pixels; a page makes it narrower if necessary. */
export function drawing({ width, height, label, content, styles, kind, role = 'img' }: DrawingOptions): Drawing {
  const svg = markup`<svg xmlns="http://www.w3.org/2000/svg" class="${kind}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="${role}" aria-label="${label}">${content}</svg>`
  return { svg, width, height, styles }
}

/** A drawing as an SVG file, light or dark as the reader prefers. `script` runs when the file is opened by itself. */
export function svgFile({ svg, styles }: Drawing, script?: string): string {
  const open = svg.text.indexOf('>') + 1
  const base = `svg{font-family:${FONT}}text{fill:var(--text)}.ground{fill:var(--ground)}`
  const style = markup`<style>${new Markup(cdata(resolved(`${base}\n${styles}`)))}</style>`
  const scripts = script === undefined ? undefined : markup`<script>${new Markup(cdata(script))}</script>`
  const ground = '<rect class="ground" width="100%" height="100%"/>'
  return `${svg.text.slice(0, open)}${style}${ground}${svg.text.slice(open).replace(/<\/svg>$/, '')}${scripts ?? ''}</svg>\n`
}

const cdata = (text: string): string => `<![CDATA[${text}]]>`

/** A coordinate, rounded to a tenth of a pixel. */
export const px = (value: number): number => Math.round(value * 10) / 10

/**
 * An estimate of a text's width in the reader's fonts, more likely too wide than too narrow: text cannot be measured
 * before it is shown.
 */
export function textWidth(text: string, size: number): number {
  let ems = 0
  for (const character of text) {
    if (/[ilj.,:;|!'·()[\]/ ]/.test(character)) ems += 0.32
    else if (/[mwMW%@×→—]/.test(character)) ems += 0.9
    else if (/[A-Z+=−]/.test(character)) ems += 0.7
    else ems += 0.58
  }
  return ems * size
}
