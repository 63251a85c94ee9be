import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { imageFolderSplits, loadBatches, openImageFolder, preprocess, readImage, VisionError } from '../../src/index.ts'
import { asBytes, collect } from './sources.ts'

const goldens = new URL('../goldens/files/', import.meta.url)
const png = readFileSync(new URL('rgb.png', goldens))
const jpeg = readFileSync(new URL('rgb.jpg', goldens))

let root: string
const folder = (name: string, files: Record<string, Uint8Array | string>) => {
  for (const [path, content] of Object.entries(files)) {
    const whole = join(root, name, path)
    mkdirSync(dirname(whole), { recursive: true })
    writeFileSync(whole, content)
  }
  return join(root, name)
}
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'residual-'))
  folder('plain', {
    'zebra/1.png': png,
    'Apple/b.JPG': jpeg,
    'Apple/a.jpeg': jpeg,
    'Apple/10.png': png,
    'Apple/9.png': png,
    '9/x.webp': png,
    '10/x.png': png,
  })
  folder('odd', {
    'README.md': 'about',
    '.git/config': '',
    'cat/.hidden.png': png,
    'cat/._1.png': 'from a Mac',
    'cat/Thumbs.db': 'from Windows',
    'cat/notes.txt': 'words',
    'cat/no ending': png,
    'cat/1.png': png,
    'cat/more/2.png': png,
    'cat/more/again/3.png': png,
    'cat/zz.png': png,
    'cat/a.png/inner.png': png,
    'dog\nand\u{1f415}/1.png': png,
    'elsewhere.png': png,
  })
  const outside = folder('outside', { '1.png': png })
  symlinkSync(outside, join(root, 'odd/linked'))
  symlinkSync(join(root, 'odd/cat'), join(root, 'odd/cat/loop'))
  symlinkSync(join(outside, '1.png'), join(root, 'odd/cat/link.png'))
  folder('split', {
    'train/a/1.png': png,
    'train/b/1.png': png,
    'train/b/2.png': png,
    'train/c/1.png': png,
    'val/c/1.png': png,
    'val/a/1.png': png,
    'notes.txt': '',
  })
  folder('onlyval', { 'val/x/1.png': png })
  folder('trains', { 'train/1.png': png, 'val/1.png': png, 'bus/1.png': png })
})
afterAll(() => rmSync(root, { recursive: true }))

describe('openImageFolder finds', () => {
  test.each<[string, string, 'train' | 'val' | undefined, string[], [number, string][]]>([
    [
      'classes and images in the order of their names',
      'plain',
      undefined,
      ['10', '9', 'Apple', 'zebra'],
      [
        [0, '10/x.png'],
        [1, '9/x.webp'],
        [2, 'Apple/10.png'],
        [2, 'Apple/9.png'],
        [2, 'Apple/a.jpeg'],
        [2, 'Apple/b.JPG'],
        [3, 'zebra/1.png'],
      ],
    ],
    [
      'only files with the extension of an image, links, and folders within classes',
      'odd',
      undefined,
      ['cat', 'dog\nand\u{1f415}', 'linked'],
      [
        [0, 'cat/1.png'],
        [0, 'cat/link.png'],
        [0, 'cat/zz.png'],
        [0, 'cat/a.png/inner.png'],
        [0, 'cat/more/2.png'],
        [0, 'cat/more/again/3.png'],
        [1, 'dog\nand\u{1f415}/1.png'],
        [2, 'linked/1.png'],
      ],
    ],
    [
      'train',
      'split',
      'train',
      ['a', 'b', 'c'],
      [
        [0, 'train/a/1.png'],
        [1, 'train/b/1.png'],
        [1, 'train/b/2.png'],
        [2, 'train/c/1.png'],
      ],
    ],
    [
      'val, with the labels of train',
      'split',
      'val',
      ['a', 'b', 'c'],
      [
        [0, 'val/a/1.png'],
        [2, 'val/c/1.png'],
      ],
    ],
    ['val alone', 'onlyval', 'val', ['x'], [[0, 'val/x/1.png']]],
    [
      'classes with the names of splits',
      'trains',
      undefined,
      ['bus', 'train', 'val'],
      [
        [0, 'bus/1.png'],
        [1, 'train/1.png'],
        [2, 'val/1.png'],
      ],
    ],
  ])('%s', async (_, name, split, classes, images) => {
    const expected = {
      length: images.length,
      classes,
      labels: Int32Array.from(images, ([label]) => label),
      files: images.map(([, path]) => `${root}/${name}/${path}`),
    }
    for (const path of [join(root, name), `${join(root, name)}/`, pathToFileURL(join(root, name))]) {
      expect(await openImageFolder(path, split && { split })).toEqual(expected)
    }
  })

  test.each<[string, string[]]>([
    ['split', ['train', 'val']],
    ['onlyval', ['val']],
    ['plain', []],
    ['trains', []],
  ])('imageFolderSplits of %s: %j', async (name, splits) => {
    expect(await imageFolderSplits(join(root, name))).toEqual(splits)
  })
})

describe('openImageFolder reports', () => {
  test.each<[string, () => string | URL, { split?: 'train' | 'val' }, string]>([
    ['no such folder', () => `${root}/nothing`, {}, 'ROOT/nothing: no such file or folder'],
    [
      'a file',
      () => `${root}/plain/zebra/1.png`,
      {},
      'ROOT/plain/zebra/1.png: is not a folder on this machine; give one that holds a folder of images for each class',
    ],
    [
      'a URL',
      () => new URL('https://example.com/images'),
      {},
      'https://example.com/images: is not a folder on this machine; give one that holds a folder of images for each class',
    ],
    [
      'a folder of images',
      () => `${root}/outside`,
      {},
      'ROOT/outside: holds no folders, wanted a folder of images for each class',
    ],
    [
      'splits if none is chosen',
      () => `${root}/split`,
      {},
      'ROOT/split: holds the splits train and val; say which to take',
    ],
    [
      'a missing split',
      () => `${root}/onlyval`,
      { split: 'train' },
      'ROOT/onlyval: holds no split train, a folder of that name that holds the classes',
    ],
    ['an unknown split', () => `${root}/split`, { split: 'test' as 'val' }, 'unknown split test (known: train, val)'],
    [
      'a class without images',
      () => folder('empty', { 'full/1.png': png, 'empty/1.heic': '' }),
      {},
      'ROOT/empty/empty: holds no images (.jpg, .png, .webp, .gif, .tif, .avif or .bmp); remove it, or add some',
    ],
    [
      'a class of val that train lacks',
      () => folder('stranger', { 'train/a/1.png': png, 'val/b/1.png': png }),
      { split: 'val' },
      'ROOT/stranger/val/b: is not a class of the train split; remove it, or add it there',
    ],
  ])('%s', async (_, path, options, message) => {
    await expect(openImageFolder(path(), options)).rejects.toEqual(new VisionError(message.replace('ROOT', root)))
  })
})

describe('images of a folder', () => {
  test('are preprocessed as preprocess does it', async () => {
    const source = await openImageFolder(join(root, 'plain'))
    const preprocessing = { resize: 20, crop: 16, filter: 'bicubic', ...asBytes } as const
    const expected = await Promise.all(source.files.map(async file => preprocess(await readImage(file), preprocessing)))
    for (const worker of [true, false]) {
      const batches = await collect(loadBatches(source, { batch: 3, shuffle: false, worker, ...preprocessing }))
      expect(batches.map(({ labels }) => [...labels])).toEqual([[0, 1, 2], [2, 2, 2], [3]])
      expect(batches.flatMap(({ images }) => [...images])).toEqual(expected.flatMap(image => [...image]))
    }
  })

  test('are the same with and without a worker, and from any step', async () => {
    const source = await openImageFolder(join(root, 'odd'))
    const augment = { randomResizedCrop: true, flip: true, padAndCrop: 1, cutmix: 1 }
    const options = { batch: 3, crop: 12, to: 7, seed: 4, augment, ...asBytes }
    const expected = await collect(loadBatches(source, { ...options, worker: false }))
    expect(await collect(loadBatches(source, options))).toEqual(expected)
    expect(await collect(loadBatches(source, { ...options, from: 5, worker: false }))).toEqual(expected.slice(5))
  })

  test.each<[string, string, Uint8Array | string, string]>([
    [
      'text',
      'a.png',
      'no image',
      'FILE: not an image in a known format (JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP); save it as PNG or JPEG',
    ],
    ['an empty file', 'b.jpg', '', 'FILE: the file is empty'],
    [
      'half a file',
      'c.png',
      png.subarray(0, 60),
      'FILE: cannot decode this PNG file, it is damaged, cut short or of a rare kind (',
    ],
  ])('name the file in the error if one is %s', async (_, name, content, message) => {
    const path = folder(`bad-${name}`, { 'x/good.png': png, [`x/${name}`]: content })
    const source = await openImageFolder(path)
    const error = await collect(loadBatches(source, { batch: 2, crop: 8, worker: false, ...asBytes })).catch(
      error => error,
    )
    expect(error).toBeInstanceOf(VisionError)
    expect(error.message).not.toContain('\n')
    expect(error.message.startsWith(message.replace('FILE', `${path}/x/${name}`))).toBe(true)
  })

  test('name the link in the error if one is a link to nowhere', async () => {
    const path = folder('dangling', { 'x/good.png': png })
    symlinkSync('/nowhere.png', `${path}/x/bad.png`)
    const batches = collect(loadBatches(await openImageFolder(path), { batch: 2, crop: 8, worker: false, ...asBytes }))
    await expect(batches).rejects.toEqual(new VisionError(`${path}/x/bad.png: no such file or folder`))
  })
})
