import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { objectsIn, residual, root } from './residual.ts'

const cat = 'images/cat.jpg'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('classify', () => {
  test('prints one JSON object for each image of a folder, with exactly these keys', async () => {
    const run = await residual(['classify', 'images', '--json', '--topk', '2'])
    expect(run).toMatchObject({ status: 0, stderr: '' })
    const objects = objectsIn(run)
    expect(objects.map(({ image }) => image)).toEqual(
      ['cat', 'coffee', 'grace-hopper', 'rocket'].map(name => join('images', `${name}.jpg`)),
    )
    for (const object of objects) {
      expect(Object.keys(object)).toEqual(['image', 'model', 'predictions', 'milliseconds'])
      expect(object).toEqual({
        image: expect.any(String),
        model: 'cifar10-resnet20',
        predictions: [1, 2].map(() => ({
          label: expect.any(String),
          score: expect.any(Number),
          index: expect.any(Number),
        })),
        milliseconds: expect.any(Number),
      })
    }
    expect(objects[0].predictions).toMatchObject([{ label: 'cat', index: 3 }, {}])
  })

  test('adds the logits on request', async () => {
    const [object] = objectsIn(await residual(['classify', cat, '--json', '--logits']))
    expect(Object.keys(object)).toEqual(['image', 'model', 'predictions', 'milliseconds', 'logits'])
    const logits = object.logits as number[]
    expect(logits).toHaveLength(10)
    expect(logits.indexOf(Math.max(...logits))).toBe(3)
  })

  test('gives five predictions as bars', async () => {
    const { stdout } = await residual(['classify', cat, '--build', 'simd128'])
    expect(stdout.replace(/[\d.]+ ms/, 'N ms')).toMatchInlineSnapshot(`
      "images/cat.jpg  N ms
        cat       100.0%  ██████████████████████████████
        dog         0.0%
        deer        0.0%
        airplane    0.0%
        bird        0.0%

      cifar10-resnet20 on simd128, 1 thread
      "
    `)
  })

  test('takes glob patterns, and files whose names look like patterns', async () => {
    await writeFile(join(folder, 'cat[1].jpg'), await readFile(join(root, cat)))
    await writeFile(join(folder, 'CAT.JPG'), await readFile(join(root, cat)))
    const run = await residual(['classify', '*.{jpg,JPG}', 'cat[1].jpg', '--json'], { cwd: folder })
    expect(objectsIn(run).map(({ image }) => image)).toEqual(['CAT.JPG', 'cat[1].jpg', 'cat[1].jpg'])
  })

  test('reports an image that cannot be read, and continues', async () => {
    const run = await residual(['classify', cat, 'nothing.png', 'package.json', cat, '--json'])
    expect(objectsIn(run).map(({ image }) => image)).toEqual([cat, cat])
    expect(run.status).toBe(1)
    expect(run.stderr.split('\n')).toEqual([
      'error: nothing.png: no such file',
      'error: package.json: not an image in a known format (JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP); save it as PNG or JPEG',
      '',
    ])
  })

  test('normalises with --mean and --std', async () => {
    const logits = async (...options: string[]) =>
      objectsIn(await residual(['classify', cat, '--json', '--logits', ...options]))[0].logits
    const own = ['--mean', '.4914,.482156862745098,.446529411764706']
    expect(await logits(...own, '--std', '1e-1,.2,.3')).not.toEqual(await logits())
    expect(await logits(...own, '--std', '1e-1,.2,.3')).toEqual(await logits(...own, '--std', '0.1,0.2,0.3'))
  })
})

test('embed prints the vector before the classifier', async () => {
  const run = await residual(['embed', cat])
  expect(run).toMatchObject({ status: 0, stderr: '' })
  const [object, ...others] = objectsIn(run)
  expect(others).toEqual([])
  expect(Object.keys(object)).toEqual(['image', 'model', 'embedding'])
  expect(object.embedding).toHaveLength(64)
  expect(await residual(['embed', cat, '--json'])).toEqual(run)
})
