import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type RecipeInput, type TrainingEvent, type TrainOptions, train } from '@residual/train'
import { loadBatches } from '@residual/vision'
import { type Browser, chromium, type Page } from 'playwright-core'
import { build, type PreviewServer, preview } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeInBrowsers } from '../structure/browsers.ts'
import { cat, type Installed, installPacked } from './install.ts'

/** Turns off Chromium's requests to its makers: the page needs only this machine. */
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

/** The headers that let a page share memory between threads. */
const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

/** All packages except the command. */
const packages = /^(kernels-wasm|core|onnx|vision|resnet|train|lab)$/

let installed: Installed
let browser: Browser
const servers: PreviewServer[] = []

beforeAll(async () => {
  installed = await installPacked(packages)
  const { folder } = installed
  cpSync(fileURLToPath(new URL('page', import.meta.url)), folder, { recursive: true })
  cpSync(cat, join(folder, 'public/cat.jpg'))
  // Workers that load further chunks must be modules.
  await build({ root: folder, configFile: false, logLevel: 'warn', worker: { format: 'es' } })
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...quiet, '--disable-component-update', '--disable-sync'],
  })
})
afterAll(async () => {
  await browser?.close()
  for (const server of servers) await server.close()
  installed?.remove()
})

test('browsers reach nothing in the packages that needs Node', async () => {
  const scope = join(installed.folder, 'node_modules/@residual')
  const entries = readdirSync(scope).flatMap(name => {
    const { exports } = JSON.parse(readFileSync(join(scope, name, 'package.json'), 'utf8'))
    return Object.keys(exports).map(path => `@residual/${name}${path.slice(1)}`)
  })
  expect(entries).toContain('@residual/vision/pull')
  expect(await nodeInBrowsers(installed.folder, entries)).toEqual([])
})

/** The built page, served on this machine and opened. */
async function open(headers: Record<string, string>): Promise<Page> {
  const server = await preview({
    root: installed.folder,
    configFile: false,
    preview: { host: '127.0.0.1', port: 0, headers },
  })
  servers.push(server)
  const page = await browser.newPage()
  page.on('pageerror', error => console.error(error))
  await page.goto(server.resolvedUrls?.local[0] ?? '')
  await page.waitForFunction('globalThis.classify')
  return page
}

test.each([
  { page: 'an isolated page', headers: isolation, threads: 1, used: 1 },
  { page: 'an isolated page', headers: isolation, threads: 2, used: 2 },
  { page: 'a page without shared memory', headers: {}, threads: 2, used: 1 },
])(
  'the packages, bundled, classify an image in $page asked for $threads threads',
  async ({ headers, threads, used }) => {
    const page = await open(headers)
    const { predictions, ...runtime } = await page.evaluate<{ predictions: object[]; threads: number }>(
      `classify('/cat.jpg', ${threads})`,
    )
    expect(runtime).toEqual({ threads: used })
    expect(predictions).toHaveLength(5)
    expect(predictions[0]).toMatchObject({ label: 'cat', index: 3 })
  },
)

test('a page writes PNG files that hold exactly the same pixels', async () => {
  const page = await open({})
  const data = Array.from({ length: 9 * 7 * 3 }, (_, i) => (i * i * 31) % 256)
  expect(await page.evaluate(`reread(${JSON.stringify({ width: 9, height: 7, data })})`)).toEqual(data)
})

test.each([
  { page: 'an isolated page', headers: isolation, threads: 1 },
  { page: 'an isolated page', headers: isolation, threads: 2 },
  { page: 'a page without shared memory', headers: {}, threads: 1 },
])('$page is free while a network runs on $threads threads', async ({ headers, threads }) => {
  const page = await open(headers)
  expect(await page.evaluate(`ticks(512, ${threads})`)).toBeGreaterThan(5)
})

test.each([
  { page: 'an isolated page', headers: isolation },
  { page: 'a page without shared memory', headers: {} },
])('a worker of $page makes the same batches as Node, and reports what it cannot read', async ({ headers }) => {
  const page = await open(headers)
  const augment = { randomResizedCrop: true, padAndCrop: 2, flip: true, cutout: 3, mixup: 0.4, cutmix: 1 }
  const options = { batch: 4, to: 6, seed: 2, crop: 6, augment, mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] } as const
  const images = Uint8Array.from({ length: 10 * 192 }, (_, i) => (i * i) % 251)
  const labels = Array.from({ length: 10 }, (_, i) => i % 2)
  const source = { length: 10, width: 8, height: 8, classes: ['even', 'odd'], labels, images }
  const expected: number[][][] = []
  for await (const { images, targets } of loadBatches(source, { ...options, worker: false })) {
    expected.push([[...images], [...targets]])
  }
  expect(await page.evaluate(`batches(10, ${JSON.stringify(options)})`)).toEqual(expected)
  const told = await page.evaluate(`missing('missing.png')`)
  expect(told).toMatch(/^VisionError: http:\/\/127\.0\.0\.1:\d+\/missing\.png: /)
})

test.each([
  { page: 'an isolated page', headers: isolation, threads: 1 },
  { page: 'an isolated page', headers: isolation, threads: 2 },
  { page: 'a page without shared memory', headers: {}, threads: 1 },
])('a worker of $page trains on $threads threads to the same bits as Node', async ({ headers, threads }) => {
  const images = Array.from({ length: 12 * 192 }, (_, i) => (i * i) % 251)
  const labels = Array.from({ length: 12 }, (_, i) => i % 2)
  const data = { length: 12, width: 8, height: 8, classes: ['even', 'odd'], labels }
  const recipe: RecipeInput = { epochs: 2, batch: 4, ema: 0.9, augmentation: { padAndCrop: 1, mixup: 0.4 } }
  const options: Omit<TrainOptions, 'data'> = { arch: 'resnet8', recipe, build: 'simd128', threads }
  const training = train({ ...options, data: { ...data, images: Uint8Array.from(images) }, threads: 1 })
  for await (const _ of training);
  const wanted = await training.checkpoint()

  const page = await open(headers)
  const sent = JSON.stringify({ ...options, data: { ...data, images }, stopAfter: 4 })
  const got = await page.evaluate<{ error?: string; events: TrainingEvent[]; checkpoint: number[] }>(`train(${sent})`)
  expect(got.error).toBeUndefined()
  const counts = got.events.map(event =>
    event.kind === 'start' ? `from ${event.step}` : `${event.kind} ${event.step}`,
  )
  const all = ['from 0', 'step 1', 'step 2', 'step 3', 'epoch 3', 'step 4', 'from 4', 'step 5', 'step 6', 'epoch 6']
  expect(counts).toEqual(all)
  expect(Buffer.from(got.checkpoint).equals(wanted)).toBe(true)
})
