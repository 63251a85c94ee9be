/**
 * Runs in an SVG file that is opened by itself. It is embedded as text, so it must not use anything from outside. Arrow keys
 * move from box to box, and the title of the focused box is shown.
 */
export function browse(): void {
  const root = document.documentElement
  const boxes = [...document.querySelectorAll<SVGGElement>('.box[tabindex]')]
  const element = (tag: string, attributes: Readonly<Record<string, string | number>>) => {
    const made = document.createElementNS('http://www.w3.org/2000/svg', tag)
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
    return made
  }
  const tip = element('g', { class: 'tip', 'aria-hidden': 'true', 'pointer-events': 'none' })

  const show = (box: SVGGElement) => {
    const lines = (box.querySelector('title')?.textContent ?? '').split('\n')
    const texts = lines.map((line, i) => {
      const text = element('text', { x: 10, y: 20 + 17 * i })
      text.textContent = line
      return text
    })
    const frame = element('rect', { rx: 6 })
    tip.replaceChildren(frame, ...texts)
    root.append(tip)
    const width = 20 + Math.max(...texts.map(text => (text as SVGTextElement).getBBox().width))
    const height = 14 + 17 * lines.length
    frame.setAttribute('width', String(width))
    frame.setAttribute('height', String(height))
    const [at, all] = [box.getBoundingClientRect(), root.getBoundingClientRect()]
    const scale = (root as unknown as SVGSVGElement).viewBox.baseVal.width / all.width
    const [left, below] = [(at.left - all.left) * scale, (at.bottom - all.top) * scale + 8]
    const isLow = below + height > all.height * scale
    const top = isLow ? (at.top - all.top) * scale - height - 8 : below
    tip.setAttribute('transform', `translate(${Math.max(4, Math.min(left, all.width * scale - width - 4))} ${top})`)
  }

  document.addEventListener('focusin', event => {
    if (event.target instanceof SVGGElement && boxes.includes(event.target)) show(event.target)
  })
  document.addEventListener('focusout', () => tip.remove())
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') tip.remove()
    const at = event.target instanceof SVGGElement ? boxes.indexOf(event.target) : -1
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    const next = at < 0 || step === undefined ? undefined : boxes[at + step]
    if (!next) return
    event.preventDefault()
    boxes[at].setAttribute('tabindex', '-1')
    next.setAttribute('tabindex', '0')
    next.focus()
  })
}
