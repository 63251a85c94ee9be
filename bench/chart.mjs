// Draws groups of bars as SVG.

const COLOURS = ['#0b6e99', '#d98e04', '#8a63a8', '#9aa5ad']
const WIDTH = 760
/** Where bars begin, and the space for the text after the longest bar. */
const [LEFT, RIGHT] = [150, 110]
const [BAR, GAP] = [14, 18]

const escaped = text => String(text).replace(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`)

/**
 * Horizontal bars. Each group has its own scale, and its longest bar fills it: times of networks differ a thousandfold,
 * and only the times of one network are compared.
 * @param {{ title: string, unit: string, groups: { label: string, note: string, bars: { name: string, value: number }[]
 *   }[] }} chart
 */
export function drawBars({ title, unit, groups }) {
  const names = [...new Set(groups.flatMap(({ bars }) => bars.map(({ name }) => name)))]
  const colour = name => COLOURS[names.indexOf(name) % COLOURS.length]
  const parts = [`<text x="16" y="28" class="title">${escaped(title)}</text>`]
  names.forEach((name, i) => {
    const x = 16 + i * 160
    parts.push(`<rect x="${x}" y="44" width="12" height="12" rx="2" fill="${colour(name)}"/>`)
    parts.push(`<text x="${x + 18}" y="54">${escaped(name)}</text>`)
  })
  let y = 80
  for (const { label, note, bars } of groups) {
    const middle = y + (bars.length * BAR) / 2
    parts.push(`<text x="${LEFT - 12}" y="${middle - 2}" class="label">${escaped(label)}</text>`)
    parts.push(`<text x="${LEFT - 12}" y="${middle + 13}" class="note">${escaped(note)}</text>`)
    const longest = Math.max(...bars.map(({ value }) => value))
    for (const { name, value } of bars) {
      const width = Math.max(1, ((WIDTH - LEFT - RIGHT) * value) / longest).toFixed(1)
      parts.push(`<rect x="${LEFT}" y="${y}" width="${width}" height="${BAR - 2}" rx="2" fill="${colour(name)}"/>`)
      const ratio = name === names[0] ? '' : `, ${(value / bars[0].value).toFixed(1)} x`
      parts.push(`<text x="${LEFT + Number(width) + 6}" y="${y + 10}" class="value">${value} ${unit}${ratio}</text>`)
      y += BAR
    }
    y += GAP
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="${escaped(title)}">
<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.label { font-weight: 600; text-anchor: end }
.note { fill: #57606a; text-anchor: end; font-size: 11px }
.value { font-size: 11px; fill: #57606a }
</style>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`
}
