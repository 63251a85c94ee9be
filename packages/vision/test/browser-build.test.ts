import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'tsup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browser } from '../tsup.config.ts'
import { records } from './archives.ts'
import { sha256 } from './pictures.ts'

const goldens = new URL('goldens/', import.meta.url)

describe('the build for browsers', () => {
  let folder: string
  let file: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'residual-'))
    const entry = { index: fileURLToPath(new URL('../src/index.ts', import.meta.url)) }
    // The folder has no package.json to say what .js would be.
    const outExtension = () => ({ js: '.mjs' })
    await build({ ...browser, config: false, entry, outDir: folder, outExtension, silent: true })
    file = join(folder, 'index.mjs')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('imports nothing', () => {
    expect(readFileSync(file, 'utf8')).not.toMatch(/\bimport\b(?!\.meta)|\brequire\b/)
  })

  it('reads bitmaps and data sets from URLs by what browsers and Node have in common', async () => {
    const { readPicture, openCifar } = await import(pathToFileURL(file).href)
    const dataUrl = (bytes: Uint8Array) => `data:;base64,${Buffer.from(bytes).toString('base64')}`
    const picture = await readPicture(dataUrl(readFileSync(new URL('files/rgb.bmp', goldens))))
    const { files } = JSON.parse(readFileSync(new URL('decode.json', goldens), 'utf8'))
    expect(sha256(picture.data)).toBe(files['rgb.bmp'].sha256)
    expect((await openCifar(dataUrl(records(4, 1)), { split: 'test' })).length).toBe(4)
    await expect(readPicture('cat.png')).rejects.toThrow('cat.png: is no URL')
  })
})
