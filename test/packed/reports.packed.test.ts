import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from './install.ts'

const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

const names = ['resnet20', 'resnet50', 'resnext50_32x4d', 'resnet110_v2', 'resnet1202']

let folder: string
let browser: Browser
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'residual-reports-'))
  const run = promisify(execFile)
  const cli = join(root, 'packages/cli/dist/cli.js')
  for (const name of names) {
    await run(process.execPath, [cli, 'graph', '--arch', name, '-o', join(folder, `${name}.html`)])
  }
  await run(process.execPath, [cli, 'graph', '--arch', 'resnet20', '-o', join(folder, 'resnet20.svg')])
  const short = ['--depths', '8,20', '--steps', '3', '--batch', '4']
  await run(process.execPath, [cli, 'gradients', ...short, '-o', join(folder, 'gradients.html')])
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...quiet, '--disable-component-update', '--disable-sync'],
  })
})
afterAll(async () => {
  await browser?.close()
  rmSync(folder, { recursive: true })
})

interface Opened {
  readonly page: Page
  /** What the page complained about, and every request but that for the file itself. */
  readonly complaints: string[]
}

/** Opens a report from disk. */
async function open(file: string, colorScheme: 'light' | 'dark' = 'light', width = 1200): Promise<Opened> {
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } })
  const url = pathToFileURL(join(folder, file)).href
  const complaints: string[] = []
  page.on('console', message => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', error => complaints.push(error.message))
  page.on('request', request => {
    if (request.url() !== url && !request.url().startsWith('data:')) complaints.push(request.url())
  })
  await page.goto(url)
  return { page, complaints }
}

/**
 * Texts whose contrast with what they lie on is below 4.5 to 1, and lines of boxes and shortcuts below 3 to 1
 * (WCAG 2.2, 1.4.3 and 1.4.11). Runs in the page.
 */
const poorContrasts = `(() => {
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

describe.each(names)('the diagram of %s', name => {
  test.each(['light', 'dark'] as const)(
    'opens from disk in %s without a word, its texts and lines seen well',
    async scheme => {
      const { page, complaints } = await open(`${name}.html`, scheme)
      for (const selector of ['.stage .block', '.chart .bar']) {
        const size = await page.locator(selector).first().boundingBox()
        expect(Math.min(size!.width, size!.height)).toBeGreaterThan(1)
      }
      expect(await page.locator('.stage').count()).toBeGreaterThanOrEqual(5)
      for (const details of await page.locator('details.all, figure details').all()) {
        await details.locator('summary').click()
      }
      const { checked, poor } = await page.evaluate<{ checked: number; poor: string[] }>(poorContrasts)
      expect(poor).toEqual([])
      expect(checked).toBeGreaterThan(200)
      expect(complaints).toEqual([])
      await page.close()
    },
  )

  test.each([320, 400, 1600])('fits a page of %i pixels', async width => {
    const { page } = await open(`${name}.html`, 'light', width)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    const wide = await page.evaluate(
      `[...document.querySelectorAll('.block, figure svg')].filter(e => e.getBoundingClientRect().right > innerWidth).length`,
    )
    expect(wide).toBe(0)
    await page.close()
  })
})

describe('the report of gradients', () => {
  test.each(['light', 'dark'] as const)(
    'opens from disk in %s without a word, and its figures show lines',
    async scheme => {
      const { page, complaints } = await open('gradients.html', scheme)
      // Four by layer or block, before training and after, and one of each network in time.
      expect(await page.locator('figure').count()).toBe(12)
      for (const line of await page.locator('.when-wide .line[d]').all()) {
        expect((await line.boundingBox())!.width).toBeGreaterThan(20)
      }
      for (const map of await page.locator('.when-wide .cover').all()) {
        expect((await map.boundingBox())!.height).toBeGreaterThan(50)
      }
      for (const details of await page.locator('figure details').all()) await details.locator('summary').click()
      const { checked, poor } = await page.evaluate<{ checked: number; poor: string[] }>(poorContrasts)
      expect(poor).toEqual([])
      expect(checked).toBeGreaterThan(400)
      expect(complaints).toEqual([])
      await page.close()
    },
  )

  test.each([320, 400, 1600])('fits a page of %i pixels', async width => {
    const { page } = await open('gradients.html', 'light', width)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    await page.close()
  })
})

describe('by keyboard', () => {
  const focused = (page: Page) =>
    page.evaluate<string>('document.activeElement.id || document.activeElement.textContent.trim().split(/\\s/)[0]')

  test('the head can be skipped, stages open and close, and all can be reached', async () => {
    const { page, complaints } = await open('resnet20.html')
    await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('Skip')
    await page.keyboard.press('Enter')
    const reached: string[] = []
    for (let i = 0; i < 14; i++) {
      await page.keyboard.press('Tab')
      reached.push(await focused(page))
    }
    expect(reached).toEqual([
      'open-all',
      'close-all',
      ...['stem', 'box-0', 'layer1', 'box-2', 'layer2', 'box-11', 'layer3', 'box-21', 'head', 'box-31'],
      ...['The', 'A'],
    ])
    const stage = page.locator('.stage').nth(1)
    await stage.locator('summary').first().focus()
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineWidth')
    expect(outline).toBe('3px')
    for (const [key, isOpen] of [
      ['Enter', false],
      ['Space', true],
      ['Space', false],
    ] as const) {
      await page.keyboard.press(key)
      expect(await stage.getAttribute('open')).toBe(isOpen ? '' : null)
      expect(await page.locator('#box-2').isVisible()).toBe(isOpen)
    }
    await page.locator('#open-all').press('Enter')
    expect(await page.locator('.stage[open]').count()).toBe(5)
    await page.locator('#close-all').press('Space')
    expect(await page.locator('.stage[open]').count()).toBe(0)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('arrow keys go from box to box, whose details are shown until Escape', async () => {
    const { page } = await open('resnet20.html')
    await page.locator('#box-2').focus()
    await page.keyboard.press('ArrowRight')
    expect(await focused(page)).toBe('box-3')
    const tip = page.locator('#tip')
    expect(await tip.textContent()).toContain('layer1.0.conv2')
    expect(await tip.textContent()).toMatch(/parameters2,336/)
    expect(await page.locator('#box-3').getAttribute('aria-describedby')).toBe('tip')
    const border = await page.evaluate('getComputedStyle(document.activeElement.firstElementChild).strokeWidth')
    expect(border).toBe('3.5px')
    await page.keyboard.press('Escape')
    expect(await tip.isVisible()).toBe(false)
    await page.keyboard.press('End')
    expect(await focused(page)).toBe('box-10')
    await page.keyboard.press('ArrowDown')
    expect(await focused(page)).toBe('box-11')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Home')
    expect(await focused(page)).toBe('box-2')
    expect(await tip.textContent()).toContain('layer1.0.conv1')
    await page.close()
  })

  test('blocks that are drawn as a number open, and closed ones are passed over', async () => {
    const { page } = await open('resnet1202.html')
    const repeats = page.locator('.repeats').first()
    await page.locator('#box-4').focus()
    await page.keyboard.press('ArrowRight')
    expect(await page.locator('#box-5').isVisible()).toBe(false)
    expect(await focused(page)).toBe('box-602')
    await repeats.locator('summary').focus()
    await page.keyboard.press('Enter')
    expect(await page.locator('#box-5').isVisible()).toBe(true)
    expect(await repeats.locator('.block').count()).toBe(199)
    await page.close()
  })
})

test('details are shown where the pointer is, and can be pointed at themselves', async () => {
  const { page } = await open('resnet50.html')
  await page.locator('#box-3').hover()
  const tip = page.locator('#tip')
  expect(await tip.textContent()).toMatch(/layer1\.0\.conv1.*receptive field11 px/)
  await tip.hover()
  expect(await tip.isVisible()).toBe(true)
  await page.locator('h1').hover()
  expect(await tip.isVisible()).toBe(false)
  await page.close()
})

test('without scripts there is all but the details on pointing, which the table has', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false })
  const page = await context.newPage()
  await page.goto(pathToFileURL(join(folder, 'resnet20.html')).href)
  await page.locator('.stage summary').nth(1).click()
  expect(await page.locator('#box-2').isVisible()).toBe(false)
  await page.locator('details.all summary').click()
  expect(await page.locator('#row-2').textContent()).toContain('2,336')
  await context.close()
})

test('the SVG file is XML, and shows the title of the focused box', async () => {
  const { page, complaints } = await open('resnet20.svg', 'dark')
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  expect(await page.locator('.tip').textContent()).toMatch(
    /^layer1\.0\.conv1: 3×3 conv, 16, BN, ReLU.*parameters: 2,336/,
  )
  expect(await page.evaluate(`getComputedStyle(document.querySelector('.ground')).fill`)).toBe('rgb(16, 20, 24)')
  expect(complaints).toEqual([])
  await page.close()
})
