import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp, { type Sharp } from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_MAX_PIXELS, decode } from '../src/index.ts'
import { largePng } from './hostile.ts'

const SIDE = Math.sqrt(DEFAULT_MAX_PIXELS)
const MINUTES = 60_000

/** A script that decodes a file in a separate process, and prints the width or the error and the megabytes used. */
const script = `
  const { register } = await import('node:module')
  register('${new URL('../dev/typescript.js', import.meta.url)}')
  const { decode } = await import('${new URL('../src/index.ts', import.meta.url)}')
  const bytes = (await import('node:fs')).readFileSync(process.argv[1])
  // What loading sharp takes is not of the image.
  await decode(await (await import('sharp')).default(new Uint8Array(3), { raw: { width: 1, height: 1, channels: 3 } }).png().toBuffer())
  const before = process.resourceUsage().maxRSS
  const outcome = await decode(bytes, JSON.parse(process.argv[2])).then(({ width }) => width, error => error.message)
  console.log(JSON.stringify({ outcome, megabytes: (process.resourceUsage().maxRSS - before) / 1024 }))
`

describe('memory of a decode', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'residual-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  async function measured(file: Uint8Array, options = {}): Promise<{ outcome: number | string; megabytes: number }> {
    const path = join(folder, 'image')
    writeFileSync(path, file)
    const run = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', script, path, JSON.stringify(options)],
      { cwd: new URL('..', import.meta.url) },
    )
    return JSON.parse(run.stdout)
  }

  const blank = (channels: 3 | 4) =>
    sharp({ create: { width: SIDE, height: SIDE, channels, background: { r: 200, g: 90, b: 30, alpha: 0.5 } } })
  // The most bytes per pixel, from the documentation of `maxPixels`.
  const files: [string, number, () => Sharp][] = [
    ['interlaced PNG', 12, () => blank(3).png({ compressionLevel: 1, progressive: true })],
    ['interlaced PNG of 16 bits with alpha', 12, () => blank(4).toColourspace('rgb16').png({ progressive: true })],
    ['progressive JPEG', 12, () => blank(3).jpeg({ progressive: true })],
    ['turned JPEG', 12, () => blank(3).withMetadata({ orientation: 6 }).jpeg()],
    ['WebP', 12, () => blank(4).webp({ effort: 0 })],
    ['GIF', 12, () => blank(3).gif({ effort: 1 })],
    ['TIFF', 12, () => blank(3).tiff({ compression: 'lzw' })],
    ['AVIF', 30, () => blank(4).avif({ effort: 0 })],
    ['AVIF of 12 bits', 30, () => blank(3).toColourspace('rgb16').avif({ effort: 0, bitdepth: 12 })],
  ]
  test.each(files)(
    '%s with as many pixels as allowed takes at most %d bytes per pixel',
    { timeout: 5 * MINUTES },
    async (_, most, make) => {
      const { outcome, megabytes } = await measured(await make().toBuffer())
      expect(outcome).toBe(SIDE)
      expect((megabytes * 2 ** 20) / DEFAULT_MAX_PIXELS).toBeLessThan(most)
    },
  )

  test('is close to none for more pixels than allowed', { timeout: MINUTES }, async () => {
    const { outcome, megabytes } = await measured(largePng(13_000, 13_000))
    expect(outcome).toContain('13000 x 13000 are more than the allowed')
    expect(megabytes).toBeLessThan(32)
  })

  test('is used for more pixels if maxPixels allows them', { timeout: MINUTES }, async () => {
    expect((await measured(largePng(13_000, 13_000), { maxPixels: 169_000_000 })).outcome).toBe(13_000)
  })
})

test('gives up after the allowed time', { timeout: 5 * MINUTES }, async () => {
  const blank = sharp({ create: { width: SIDE, height: SIDE, channels: 3, background: 'red' } })
  const file = await blank.avif({ effort: 0 }).toBuffer()
  const decoding = decode(file, { name: 'cat.avif', timeout: 1 })
  await expect(decoding).rejects.toThrow(
    'cat.avif: decoding this AVIF file takes more than the allowed 1 s; shrink it first, or raise timeout',
  )
})
