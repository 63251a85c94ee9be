/** Colours by name, as `#rrggbb`. */
export type Colours = Readonly<Record<string, string>>

/**
 * Neutral colours. Text on any of the grounds has a contrast of at least 4.5 to 1, lines and marks of at least 3 to 1
 * (WCAG 2.2, 1.4.3 and 1.4.11).
 */
const neutral = {
  light: { ground: '#ffffff', panel: '#f5f6f8', text: '#1b1f24', quiet: '#555e69', line: '#7d8691', faint: '#dfe3e8' },
  dark: { ground: '#101418', panel: '#191f25', text: '#e8ebee', quiet: '#a9b2bc', line: '#75808c', faint: '#2d353d' },
}

/**
 * Colours that distinguish series, based on Okabe and Ito's for all kinds of colour vision, and made darker or lighter for
 * their background. Colour is never the only difference: lines also differ in their dashes, boxes in their text.
 */
const hues = {
  light: ['#0072b2', '#c4500a', '#00785a', '#a5447f', '#8a6500', '#5b4fc4', '#4b5560', '#1f7d8c'],
  dark: ['#5db1ea', '#f08c4a', '#3fc79a', '#e391bf', '#e3b341', '#a79df5', '#a9b2bc', '#63c5d3'],
}

/** Number of different colours for series before they repeat. */
export const HUES = hues.light.length

/** All colours of a theme: the neutral ones, `hue0` to `hue7`, and for each hue a pale `tint` for areas under text. */
function coloursOf(theme: 'light' | 'dark'): Colours {
  const colours: Record<string, string> = { ...neutral[theme] }
  hues[theme].forEach((hue, i) => {
    colours[`hue${i}`] = hue
    colours[`tint${i}`] = mixed(hue, neutral[theme].ground, 0.14)
  })
  return colours
}

/** Mixes `share` of one colour into another. */
function mixed(colour: string, ground: string, share: number): string {
  const channel = (hex: string, i: number) => Number.parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16)
  const mix = (i: number) => Math.round(share * channel(colour, i) + (1 - share) * channel(ground, i))
  return `#${[0, 1, 2].map(i => mix(i).toString(16).padStart(2, '0')).join('')}`
}

const light = coloursOf('light')
const dark = coloursOf('dark')

const declarations = (colours: Colours): string =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';')

/** Defines every colour as a custom property, `var(--text)`, that follows the reader's choice of light or dark. */
export const themeVariables = `:root{color-scheme:light dark;${declarations(light)}}
@media (prefers-color-scheme:dark){:root{${declarations(dark)}}}
@media print{:root{color-scheme:light;${declarations(light)}}}`

/**
 * Rules with `var(--name)` replaced by the light colours, and again by the dark colours for readers who prefer dark. This is
 * for SVG files, since few programs that draw them know custom properties.
 */
export function resolved(styles: string): string {
  const replace = (colours: Colours) => styles.replace(/var\(--(\w+)\)/g, (_, name: string) => colours[name])
  return `${replace(light)}\n@media (prefers-color-scheme:dark){${replace(dark)}}`
}

/** System fonts: a report contains no fonts. */
export const FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif'
