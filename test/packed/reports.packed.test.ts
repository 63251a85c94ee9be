import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { poorContrasts } from './contrasts.ts'
import { root } from './install.ts'

const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

/** Reports with charts, and the commands that make them. */
const reports: Readonly<Record<string, readonly string[]>> = {
  'depth/report.html': [
    'degrade',
    '--depths',
    '8,14',
    '--limit',
    '40',
    '--batch',
    '20',
    '--epochs',
    '2',
    '--out',
    'depth',
  ],
  'explain.html': ['explain', join(root, 'images/cat.jpg'), '-o', 'explain.html'],
  'gradients.html': ['gradients', '--depths', '8,20', '--steps', '3', '--batch', '4', '-o', 'gradients.html'],
  'ablation.html': ['ablate', '--data', 'shapes', '--ignore-names', '--limit', '20', '-o', 'ablation.html'],
}

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
  for (const command of Object.values(reports)) await run(process.execPath, [cli, ...command], { cwd: folder })
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
  /** The page's messages and errors, and every request except the one for the file itself. */
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

describe.each(names)('the diagram of %s', name => {
  test.each(['light', 'dark'] as const)(
    'opens from disk in %s without complaints, with readable texts and visible lines',
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

describe.each(Object.keys(reports))('the report %s', file => {
  test.each(['light', 'dark'] as const)(
    'opens from disk in %s without complaints, with content in its figures and readable texts',
    async scheme => {
      expect(statSync(join(folder, file)).size).toBeLessThan(2e6)
      const { page, complaints } = await open(file, scheme)
      // The widest mark of each figure.
      const marks: number[] = await page.evaluate(
        `[...document.querySelectorAll('figure')].map(figure => Math.max(0, ...[...figure.querySelectorAll('.line, .bar, .cover, img')].map(e => e.getBoundingClientRect().width)))`,
      )
      expect(marks.length).toBeGreaterThan(0)
      expect(Math.min(...marks)).toBeGreaterThan(1)
      for (const summary of await page.locator('summary').all()) await summary.click()
      const { checked, poor } = await page.evaluate<{ checked: number; poor: string[] }>(poorContrasts)
      expect(poor).toEqual([])
      expect(checked).toBeGreaterThan(50)
      expect(complaints).toEqual([])
      await page.close()
    },
  )

  test.each([320, 400, 1600])('fits a page of %i pixels', async width => {
    const { page } = await open(file, 'light', width)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    const wide = await page.evaluate(
      `[...document.querySelectorAll('figure svg, figure img')].filter(e => e.getBoundingClientRect().right > innerWidth).length`,
    )
    expect(wide).toBe(0)
    await page.close()
  })

  test('can be read by keyboard: the head can be skipped, and every table of numbers opens', async () => {
    const { page } = await open(file)
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content')
    await page.keyboard.press('Enter')
    const closed = await page.locator('details').count()
    expect(closed).toBeGreaterThan(0)
    for (let i = 0; i < 200 && (await page.locator('details:not([open])').count()) > 0; i++) {
      await page.keyboard.press('Tab')
      if (await page.evaluate(`document.activeElement.matches('details:not([open]) > summary')`)) {
        expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).not.toBe('none')
        await page.keyboard.press('Enter')
      }
    }
    expect(await page.locator('details[open]').count()).toBe(closed)
    await page.close()
  })
})

describe('by keyboard', () => {
  const focused = (page: Page) =>
    page.evaluate<string>('document.activeElement.id || document.activeElement.textContent.trim().split(/\\s/)[0]')

  test('the head can be skipped, stages open and close, and everything can be reached', async () => {
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

  test('arrow keys move from box to box, and details are shown until Escape', async () => {
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

  test('blocks that are drawn as a number open, and closed ones are skipped', async () => {
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

test('details are shown at the pointer, and stay while they are pointed at', async () => {
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

test('without scripts only the details at the pointer are missing, and the table has them', async () => {
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

describe('an explanation', () => {
  test('has its images, and charts that are large enough', async () => {
    const { page } = await open('explain.html')
    const sides = await page.evaluate(`[...document.images].map(image => [image.complete, image.naturalWidth])`)
    expect(sides).toEqual([
      [true, 32],
      [true, 448],
      [true, 448],
    ])
    for (const chart of await page.locator('figure svg:visible').all()) {
      expect((await chart.boundingBox())!.width).toBeGreaterThan(300)
    }
    await page.close()
  })

  test.each([320, 1600])('has the map exactly over the image on a page of %i pixels', async width => {
    const { page } = await open('explain.html', 'light', width)
    const [lower, upper] = ['.stack img:first-child', '.heat'].map(selector => page.locator(selector))
    expect(await upper.boundingBox()).toEqual(await lower.boundingBox())
    await page.close()
  })

  test('has a map whose opacity can be changed with keys', async () => {
    const { page } = await open('explain.html')
    const opacity = () => page.evaluate(`getComputedStyle(document.querySelector('.heat')).opacity`)
    expect(await opacity()).toBe('0.5')
    await page.getByLabel('Heat over the image').focus()
    await page.keyboard.press('ArrowLeft')
    expect(await opacity()).toBe('0.49')
    expect(await page.locator('output').textContent()).toBe('49 %')
    await page.keyboard.press('Home')
    expect(await opacity()).toBe('0')
    await page.close()
  })

  test('has the map over the image without scripts too', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(pathToFileURL(join(folder, 'explain.html')).href)
    expect(await page.evaluate(`getComputedStyle(document.querySelector('.heat')).opacity`)).toBe('0.5')
    expect(await page.locator('.slide').isVisible()).toBe(false)
    await context.close()
  })
})
