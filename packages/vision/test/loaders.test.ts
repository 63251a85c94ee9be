import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { describe, expect, test, vi } from 'vitest'
import { blockOtherLoaders, decode, svgToPng } from '../src/index.ts'
import { svgAfter } from './hostile.ts'

const svg = svgAfter('')
const bytesOf = (name: string) => readFileSync(new URL(`goldens/files/${name}`, import.meta.url))

// Loaders are blocked in the whole process, so each of these tests begins in the state that the previous one left.
describe.sequential('loaders of libvips', () => {
  test('are not changed by a decode', async () => {
    await decode(bytesOf('rgb.png'))
    expect((await sharp(svg).metadata()).format).toBe('svg')
  })

  test('are blocked unless decode reads their format', async () => {
    await blockOtherLoaders()
    await expect(sharp(svg).metadata()).rejects.toThrow('unsupported image format')
    for (const name of ['rgb.png', 'rgb.jpg', 'rgb.webp', 'palette.gif', 'rgb.tiff']) {
      expect((await decode(bytesOf(name))).data).toHaveLength(37 * 29 * 3)
    }
    const avif = await sharp(bytesOf('rgb.png')).avif().toBuffer()
    expect((await decode(avif)).data).toHaveLength(37 * 29 * 3)
  })

  test('still draw the SVG of svgToPng, but no other', async () => {
    await blockOtherLoaders()
    const text = new TextDecoder().decode(svg)
    const files = await Promise.all([svgToPng(text), svgToPng(text, { scale: 2 })])
    expect((await Promise.all(files.map(file => decode(file)))).map(({ width }) => width)).toEqual([8, 16])
    await expect(sharp(svg).metadata()).rejects.toThrow('unsupported image format')
  })
})

test('a file that libvips takes for another format is not decoded', async () => {
  // Imitates a libvips that was built with other loaders, which come first.
  const image = { timeout: () => image, metadata: async () => ({ format: 'magick', width: 8, height: 8 }) }
  vi.resetModules()
  vi.doMock('sharp', () => ({ default: () => image }))
  const { decode } = await import('../src/index.ts')
  await expect(decode(bytesOf('palette.gif'), { name: 'cat.gif' })).rejects.toThrow(
    'cat.gif: starts as GIF files do, but libvips takes it for magick; save it as PNG or JPEG',
  )
  vi.doUnmock('sharp')
})
