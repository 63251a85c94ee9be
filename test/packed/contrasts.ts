/**
 * Finds texts whose contrast with their background is below 4.5 to 1, and lines of boxes, shortcuts and bars whose
 * contrast is below 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11). Runs in the page.
 */
export const poorContrasts = `(() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number)
  const luminance = colour => {
    const [r, g, b] = channels(colour).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ratio = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x)
    return (high + 0.05) / (low + 0.05)
  }
  const isSeen = colour => colour !== 'none' && channels(colour)[3] !== 0
  const ground = element => {
    const rect = element.closest('.box')?.querySelector('rect')
    if (rect && rect !== element) return getComputedStyle(rect).fill
    for (let at = element; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at)
      if (isSeen(backgroundColor)) return backgroundColor
    }
    return 'rgb(255, 255, 255)'
  }
  const poor = []
  let checked = 0
  const check = (element, colour, behind, least) => {
    checked++
    const value = ratio(colour, behind)
    if (value < least) poor.push(element.outerHTML.slice(0, 80) + ' ' + value.toFixed(2))
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest('title')) continue
    const style = getComputedStyle(element)
    check(element, element instanceof SVGElement ? style.fill : style.color, ground(element), 4.5)
  }
  for (const line of document.querySelectorAll('.box rect, .edge, .chart .bar')) {
    if (!line.checkVisibility()) continue
    const style = getComputedStyle(line)
    const around = ground(line.closest('svg'))
    check(line, line.matches('.bar') ? style.fill : style.stroke, around, 3)
  }
  return { checked, poor }
})()`
