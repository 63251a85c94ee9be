/**
 * Runs in the page of a diagram. It is embedded as text, so it must not use anything from outside.
 *
 * It shows the table's facts about a box while the box is focused or pointed at, moves from box to box with arrow keys,
 * and opens or closes all stages.
 */
export function browse(): void {
  const tip = document.getElementById('tip')!
  const boxOf = (target: EventTarget | null) =>
    target instanceof Element ? target.closest<SVGGElement>('.box[id]') : null
  let shown: Element | null = null

  const hide = () => {
    shown?.removeAttribute('aria-describedby')
    tip.hidden = true
    shown = null
  }

  const show = (box: Element) => {
    const row = document.getElementById(box.id.replace('box', 'row'))
    if (box === shown || !row) return
    hide()
    shown = box
    const [name, ...cells] = [...row.children].map(cell => cell.textContent ?? '')
    const headings = [...row.closest('table')!.tHead!.rows[0].cells].map(cell => cell.textContent ?? '').slice(1)
    const element = (tag: string, text: string) => Object.assign(document.createElement(tag), { textContent: text })
    const list = document.createElement('dl')
    cells.forEach((cell, i) => {
      if (cell !== '' && cell !== '0') list.append(element('dt', headings[i]), element('dd', cell))
    })
    tip.replaceChildren(element('strong', name), list)
    tip.hidden = false
    box.setAttribute('aria-describedby', 'tip')
    const at = box.getBoundingClientRect()
    const { offsetWidth: width, offsetHeight: height } = tip
    const left = Math.max(
      8,
      Math.min(at.left + at.width / 2 - width / 2, document.documentElement.clientWidth - width - 8),
    )
    const below = at.bottom + 8
    const top = below + height > innerHeight && at.top - height - 8 > 0 ? at.top - height - 8 : below
    tip.style.left = `${left + scrollX}px`
    tip.style.top = `${top + scrollY}px`
  }

  document.addEventListener('focusin', event => {
    const box = boxOf(event.target)
    if (box) show(box)
    else hide()
  })
  document.addEventListener('focusout', hide)
  document.addEventListener('pointerover', event => {
    const box = boxOf(event.target)
    if (box) show(box)
    // The pointer may move into the tip, to read or copy it.
    else if (!(event.target instanceof Node && tip.contains(event.target)) && shown !== document.activeElement) hide()
  })
  // For touch screens, and for readers who click before they use keys.
  document.addEventListener('click', event => boxOf(event.target)?.focus())

  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') return hide()
    const box = boxOf(event.target)
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (!box || (step === undefined && event.key !== 'Home' && event.key !== 'End')) return
    event.preventDefault()
    const within = event.key === 'Home' || event.key === 'End' ? box.closest('.stage')! : document
    const boxes = [...within.querySelectorAll<SVGGElement>('.box[id]')].filter(one => one.checkVisibility())
    const next = step === undefined ? boxes.at(event.key === 'Home' ? 0 : -1) : boxes[boxes.indexOf(box) + step]
    if (!next) return
    for (const one of next.closest('.stage')!.querySelectorAll('.box[tabindex="0"]')) one.setAttribute('tabindex', '-1')
    next.setAttribute('tabindex', '0')
    next.focus()
    next.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    show(next)
  })

  for (const [id, isOpen] of [
    ['open-all', true],
    ['close-all', false],
  ] as const) {
    document.getElementById(id)!.addEventListener('click', () => {
      for (const stage of document.querySelectorAll<HTMLDetailsElement>('.stage')) stage.open = isOpen
    })
  }
}
