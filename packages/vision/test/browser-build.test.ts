import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'tsup'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { browser } from '../tsup.config.ts'
import { records } from './archives.ts'
import { headers } from './hostile.ts'
import { sha256 } from './images.ts'

const goldens = new URL('goldens/', import.meta.url)

describe('the build for browsers', () => {
  let folder: string
  let bundle: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'residual-'))
    const entry = { index: fileURLToPath(new URL('../src/index.ts', import.meta.url)) }
    // The folder has no package.json that would make .js files modules.
    const outExtension = () => ({ js: '.mjs' })
    await build({ ...browser, config: false, entry, outDir: folder, outExtension, silent: true })
    bundle = join(folder, 'index.mjs')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('imports nothing', () => {
    expect(readFileSync(bundle, 'utf8')).not.toMatch(/\bimport\b(?!\.meta)|\brequire\b/)
  })

  test('reads bitmaps and data sets from URLs with APIs that browsers and Node share', async () => {
    const { readImage, openCifar } = await import(pathToFileURL(bundle).href)
    const dataUrl = (bytes: Uint8Array) => `data:;base64,${Buffer.from(bytes).toString('base64')}`
    const image = await readImage(dataUrl(readFileSync(new URL('files/rgb.bmp', goldens))))
    const { files } = JSON.parse(readFileSync(new URL('decode.json', goldens), 'utf8'))
    expect(sha256(image.data)).toBe(files['rgb.bmp'].sha256)
    expect((await openCifar(dataUrl(records(4, 1)), { split: 'test' })).length).toBe(4)
    await expect(readImage('cat.png')).rejects.toThrow('cat.png: is not a URL')
  })

  describe('lets the browser decode', () => {
    afterEach(() => {
      vi.unstubAllGlobals()
    })

    test.each(Object.entries(headers))('no %s with more pixels than allowed', async (kind, file) => {
      const { decode } = await import(pathToFileURL(bundle).href)
      const createImageBitmap = vi.fn(async () => Promise.reject(new Error('cut short')))
      vi.stubGlobal('createImageBitmap', createImageBitmap)
      await expect(decode(file(12_000, 9_000))).rejects.toThrow(
        'image: 12000 x 9000 are more than the allowed 67108864 pixels; shrink it first, or raise maxPixels (--max-pixels)',
      )
      expect(createImageBitmap).not.toHaveBeenCalled()
      await expect(decode(file(90, 50))).rejects.toThrow('cut short')
      expect(createImageBitmap).toHaveBeenCalledTimes(kind === 'BMP' ? 0 : 1)
    })

    test('nothing that does not contain its size', async () => {
      const { decode } = await import(pathToFileURL(bundle).href)
      await expect(decode(new Uint8Array([0xff, 0xd8, 0xff, 0xd9]))).rejects.toThrow(
        'image: cannot decode this JPEG file, it is damaged, cut short or of a kind that this browser does not know; get it again or save it as PNG',
      )
    })

    test('for no longer than allowed', async () => {
      const { decode } = await import(pathToFileURL(bundle).href)
      const close = vi.fn()
      let finish: (bitmap: object) => void = () => {}
      const bitmap = new Promise(resolve => {
        finish = resolve
      })
      vi.stubGlobal('createImageBitmap', () => bitmap)
      await expect(decode(headers.PNG(8, 8), { timeout: 1 })).rejects.toThrow(
        'image: decoding this PNG file takes more than the allowed 1 s; shrink it first, or raise timeout',
      )
      finish({ close })
      await vi.waitFor(() => expect(close).toHaveBeenCalledOnce())
    })
  })
})
