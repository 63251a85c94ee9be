import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode, MAX_PIXELS, openCifar, readImage, VisionError } from '../src/index.ts'
import { sha256 } from './images.ts'

const goldens = new URL('goldens/', import.meta.url)
const golden: { files: Record<string, { size: [number, number]; sha256: string }> } = JSON.parse(
  readFileSync(new URL('decode.json', goldens), 'utf8'),
)
const fileUrl = (name: string) => new URL(`files/${name}`, goldens)
const bytesOf = (name: string) => new Uint8Array(readFileSync(fileUrl(name)))

describe('decode returns the same pixels as Pillow', () => {
  test.each(Object.entries(golden.files))('%s', async (name, expected) => {
    const { width, height, data } = await readImage(fileUrl(name))
    expect({ size: [width, height], sha256: sha256(data) }).toEqual(expected)
  })
})

test('ignores the padding after the pixels of a 24-bit row', async () => {
  const bmp = bytesOf('rgb.bmp')
  // Rows of 37 pixels of 3 bytes are padded to a multiple of 4.
  for (let row = 54; row < bmp.length; row += 112) bmp[row + 111] = 0xff
  expect(sha256((await decode(bmp)).data)).toBe(golden.files['rgb.bmp'].sha256)
})

describe('an image may be given as', () => {
  let folder: string
  const bytes = bytesOf('rgb.png')
  const expected = golden.files['rgb.png'].sha256
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'residual-'))
    writeFileSync(join(folder, 'a b.png'), bytes)
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  test.each([
    ['path', () => join(folder, 'a b.png')],
    ['file URL', () => pathToFileURL(join(folder, 'a b.png'))],
    ['data URL', () => new URL(`data:image/png;base64,${Buffer.from(bytes).toString('base64')}`)],
    ['bytes', () => bytes],
    ['Buffer', () => readFileSync(join(folder, 'a b.png'))],
    ['Blob', () => new Blob([bytes])],
  ])('%s', async (_, source) => {
    expect(sha256((await readImage(source())).data)).toBe(expected)
  })
})

describe('errors', () => {
  const path = (name: string) => fileUrl(name).pathname
  const withBytes = (name: string, changes: Record<number, number>) => {
    const bytes = bytesOf(name)
    for (const [at, value] of Object.entries(changes)) bytes[Number(at)] = value
    return bytes
  }
  const hugePng = () => {
    const bytes = bytesOf('rgb.png')
    // The width and height in the header.
    new DataView(bytes.buffer).setUint32(16, 20_000)
    new DataView(bytes.buffer).setUint32(20, 20_000)
    return bytes
  }
  const named = (bytes: Uint8Array<ArrayBuffer>, name: string) => new File([bytes], name)
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'residual-'))
    execFileSync('mkfifo', [join(folder, 'pipe.jpg')])
    symlinkSync(join(folder, 'pipe.jpg'), join(folder, 'link.jpg'))
    writeFileSync(join(folder, 'large.jpg'), '')
    truncateSync(join(folder, 'large.jpg'), 2 ** 30 + 1)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each([
    ['pipe.jpg', 'is a device or pipe, wanted a file'],
    ['link.jpg', 'is a device or pipe, wanted a file'],
    ['large.jpg', '1073741825 bytes are more than the allowed 1073741824 of an image file'],
  ])('%s', async (name, message) => {
    const path = join(folder, name)
    await expect(readImage(path)).rejects.toThrow(new VisionError(`${path}: ${message}`))
    if (!name.startsWith('large')) {
      await expect(openCifar(path, { split: 'test' })).rejects.toThrow(new VisionError(`${path}: ${message}`))
    }
  })

  test.runIf(process.platform === 'linux')('a file with more bytes than its size is read anyway', async () => {
    const message = `/proc/self/status: not an image in a known format (JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP); save it as PNG or JPEG`
    await expect(readImage('/proc/self/status')).rejects.toThrow(new VisionError(message))
  })

  test.each([
    ['no file', () => '/nowhere/cat.png', '/nowhere/cat.png: no such file or folder'],
    ['a folder', () => path(''), `${path('')}: is a folder, wanted a file`],
    ['a device', () => '/dev/zero', '/dev/zero: is a device or pipe, wanted a file'],
    ['a name with a line break', () => '/nowhere/a\nb.png', '"/nowhere/a\\nb.png": no such file or folder'],
    [
      'a name that steers a terminal',
      () => '/nowhere/\u009b31m\u202e.png',
      '"/nowhere/\\u009b31m\\u202e.png": no such file or folder',
    ],
    ['an empty file', () => new Uint8Array(0), 'image: the file is empty'],
    [
      'an SVG',
      () => new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      'image: not an image in a known format (JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP); save it as PNG or JPEG',
    ],
    [
      'more pixels than allowed',
      () => named(hugePng(), 'bomb.png'),
      `bomb.png: 20000 x 20000 are more than the allowed ${MAX_PIXELS} pixels; shrink it first`,
    ],
    [
      'a JPEG cut short',
      () => named(bytesOf('rgb.jpg').slice(0, 900), 'cat.jpg'),
      'cat.jpg: cannot decode this JPEG file, it is damaged, cut short or of a rare kind (VipsJpeg: premature end of JPEG image); get it again or save it as PNG',
    ],
    [
      'a PNG cut short',
      () => named(bytesOf('rgb.png').slice(0, 300), 'cat.png'),
      'cat.png: cannot decode this PNG file, it is damaged, cut short or of a rare kind (vipspng: libpng read error); get it again or save it as PNG',
    ],
    [
      'a TIFF of floats',
      () => named(new Uint8Array(readFileSync(new URL('float.tiff', goldens))), 'float.tiff'),
      'float.tiff: float pixels in the colour space b-w are not supported; save it as PNG',
    ],
    [
      'a BMP cut short',
      () => named(bytesOf('rgb.bmp').slice(0, 3000), 'cat.bmp'),
      'cat.bmp: the BMP file is cut short: its 37 x 29 pixels take 3248 bytes, it has 2946; get the whole file',
    ],
    [
      'the first bytes of a BMP',
      () => bytesOf('rgb.bmp').slice(0, 10),
      'image: the BMP header is cut short; save it as PNG',
    ],
    ['half a BMP header', () => bytesOf('rgb.bmp').slice(0, 40), 'image: the BMP header is cut short; save it as PNG'],
    [
      'an old BMP header',
      () => withBytes('rgb.bmp', { 14: 12 }),
      'image: unknown BMP header of 12 bytes; save it as PNG',
    ],
    [
      'a BMP without a width',
      () => withBytes('rgb.bmp', { 18: 0 }),
      'image: the BMP header says 0 x 29 pixels; save it as PNG',
    ],
    [
      'a huge BMP',
      () => withBytes('rgb.bmp', { 20: 100, 24: 100 }),
      `image: 6553637 x 6553629 are more than the allowed ${MAX_PIXELS} pixels; shrink it first`,
    ],
    [
      'a BMP of 4 bits',
      () => withBytes('rgb.bmp', { 28: 4 }),
      'image: BMP files of 4 bits a pixel are not supported; save it as PNG',
    ],
    [
      'a compressed BMP',
      () => withBytes('palette.bmp', { 30: 1 }),
      'image: compressed BMP files (kind 1) are not supported; save it as PNG',
    ],
    [
      'a BMP with unusual bit fields',
      () => withBytes('32-bits-masks.bmp', { 54: 1 }),
      'image: BMP files with unusual bit fields are not supported; save it as PNG',
    ],
    [
      'a BMP with too large a palette',
      () => withBytes('palette.bmp', { 47: 2 }),
      'image: the BMP palette has 576 colours, wanted at most 256; save it as PNG',
    ],
    [
      'a BMP cut short in its palette',
      () => bytesOf('palette.bmp').slice(0, 100),
      'image: the BMP palette is cut short; save it as PNG',
    ],
    [
      'BMP pixels in the header',
      () => withBytes('rgb.bmp', { 10: 20 }),
      'image: the BMP pixels start at byte 20, within the header; save it as PNG',
    ],
  ])('%s', async (_, source, message) => {
    const error = await readImage(source()).catch(error => error)
    expect(error).toBeInstanceOf(VisionError)
    expect(error.message).toBe(message)
  })

  test('contain the given name', async () => {
    await expect(decode(new Uint8Array(0), { name: 'cat.png' })).rejects.toThrow('cat.png: the file is empty')
  })

  test('for mutated files have a type, or the number of pixels matches the header', async () => {
    const names = Object.keys(golden.files).filter(name => !name.startsWith('orientation'))
    const mutation = fc.record({
      name: fc.constantFrom(...names),
      changes: fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 }),
      length: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    await fc.assert(
      fc.asyncProperty(mutation, async ({ name, changes, length }) => {
        const whole = withBytes(name, Object.fromEntries(changes))
        const bytes = whole.slice(0, Math.ceil(length * whole.length))
        const result = await decode(bytes).catch(error => error)
        if (result instanceof VisionError) expect(result.message).not.toContain('\n')
        else expect(result.data).toHaveLength(result.width * result.height * 3)
      }),
      { numRuns: 300 },
    )
  })
})
