import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readImage } from '@residual/vision'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { objectsIn, residual, root } from './residual.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
  await copyFile(join(root, 'images/cat.jpg'), join(folder, 'cat.jpg'))
  await writeFile(join(folder, 'page.html'), '<!DOCTYPE html><html><body>Not found</body></html>')
})
afterAll(() => rm(folder, { recursive: true }))

const explain = (...arguments_: string[]) => residual(['explain', ...arguments_], { cwd: folder })
const blocks = [1, 2, 3].flatMap(stage => [0, 1, 2].map(i => `layer${stage}.${i}`))

test('explain prints one JSON object', async () => {
  const run = await explain('cat.jpg', '--json', '--topk', '2')
  expect(run).toMatchObject({ status: 0, stderr: '' })
  const [object, ...others] = objectsIn(run) as [{ map: { values: number[] }; depths: object[] }]
  expect(others).toEqual([])
  const number = expect.any(Number)
  const cat = { label: 'cat', index: 3, score: number }
  expect(object).toEqual({
    image: 'cat.jpg',
    model: 'cifar10-resnet20',
    architecture: 'resnet20',
    predictions: [cat, { label: 'dog', index: 5, score: number }],
    target: cat,
    layer: 'layer3',
    map: { width: 8, height: 8, values: expect.any(Array) },
    blocks: blocks.map(block => ({ block, ratio: number, cosine: number, change: number })),
    depths: ['stem', ...blocks].map(after => ({
      after,
      label: expect.any(String),
      index: number,
      score: number,
      target: number,
    })),
  })
  expect(object.map.values).toHaveLength(64)
  expect(object.depths.at(-1)).toMatchObject({ after: 'layer3.2', ...cat })
  const [classified] = objectsIn(await residual(['classify', 'cat.jpg', '--topk', '2', '--json'], { cwd: folder }))
  expect(classified.predictions).toEqual([
    { label: 'cat', index: 3, score: expect.closeTo(1, 3) },
    { label: 'dog', index: 5, score: expect.closeTo(0, 3) },
  ])
})

test('explain prints the map, and what each block adds', async () => {
  const { stdout, stderr, status } = await explain('cat.jpg', '--topk', '1')
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  const lines = stdout.split('\n')
  expect(lines.slice(0, 4)).toEqual([
    'cat.jpg  cifar10-resnet20, resnet20',
    `  cat  100.0%  ${'█'.repeat(30)}`,
    '',
    'Where layer3 sees cat (100.0%):',
  ])
  expect(lines[4]).toBe(`  ┌${'─'.repeat(16)}┐`)
  for (const line of lines.slice(5, 13)) expect(line).toMatch(/^ {2}│(([ ░▒▓█])\2){8}│$/)
  // The hottest position is drawn.
  expect(lines.slice(5, 13).join()).toContain('██')
  expect(lines.slice(13, 16)).toEqual([
    `  └${'─'.repeat(16)}┘`,
    '',
    'What each block adds to the stream, and what the answer would be if the later blocks added nothing:',
  ])
  expect(lines[16].trim().split(/ {2,}/)).toEqual([
    ...['after', '|F|/|x|', 'cosine', 'change', 'answer', 'probability', 'of cat'],
  ])
  expect(lines[17]).toMatch(/^ {2}stem +horse +\d+\.\d% +\d+\.\d% {2}[█▏▎▍▌▋▊▉]+$/)
  blocks.forEach((block, i) => {
    expect(lines[18 + i]).toMatch(new RegExp(`^  ${block}( +−?\\d\\.\\d\\d){3} +[a-z]+ +\\d+\\.\\d% +\\d+\\.\\d%`))
  })
  expect(lines.slice(27)).toEqual([''])
})

test('explain looks for another class at another layer', async () => {
  const [object] = objectsIn(await explain('cat.jpg', '--class', 'Dog', '--layer', 'layer2.1', '--json'))
  expect(object).toMatchObject({
    predictions: [{ label: 'cat' }, {}, {}, {}, {}],
    target: { label: 'dog', index: 5 },
    layer: 'layer2.1',
    map: { width: 16, height: 16 },
  })
  const { stdout } = await explain('cat.jpg', '--class', '5', '--layer', 'layer1')
  // 32 positions per side, drawn as 16.
  expect(stdout).toMatch(/\nWhere layer1 sees dog \(\d+\.\d%\):\n {2}┌─{32}┐\n( {2}│.{32}│\n){16} {2}└/)
  expect(stdout).toMatch(/ of dog\n/)
})

test('explain draws a page and a PNG file', async () => {
  expect((await explain('cat.jpg', '-o', 'cat.html')).stdout).toMatch(/\nDrawn in cat\.html\n$/)
  const page = await readFile(join(folder, 'cat.html'), 'utf8')
  expect(page).toContain('<title>Why cifar10-resnet20 answers “cat”</title>')
  expect(page).toContain('classifies cat.jpg as “cat” with a probability of 100.0\u00a0%.')
  expect(Buffer.byteLength(page)).toBeLessThan(2e6)
  const [object] = objectsIn(await explain('cat.jpg', '--output', 'cat.PNG', '--json'))
  expect(object.output).toBe('cat.PNG')
  const { width, height } = await readImage(join(folder, 'cat.PNG'))
  expect({ width, height }).toEqual({ width: 448, height: 448 })
})

test.each<[arguments_: string[], status: number, error: string]>([
  [[], 2, "missing required argument 'image'"],
  [['cat.jpg', 'dog.jpg'], 2, "too many arguments for 'explain'. Expected 1 argument but got 2."],
  [
    ['cat.jpg', '-o', 'cat.svg'],
    2,
    "option '-o, --output <file>' argument 'cat.svg' is invalid. Wanted a name that ends in .html or .png.",
  ],
  [['dog.jpg'], 1, 'dog.jpg: no such file or folder'],
  [['.'], 1, '.: is a folder, wanted a file'],
  [
    ['page.html'],
    1,
    'page.html: not an image in a known format (JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP); save it as PNG or JPEG',
  ],
  [['cat.jpg', '--class', 'car'], 1, 'cifar10-resnet20 has no class "car"; the nearest are cat, bird, deer'],
  [['cat.jpg', '--class', '10'], 1, 'cifar10-resnet20 has no class 10; its classes are 0 to 9'],
  [
    ['cat.jpg', '--layer', 'layer4'],
    1,
    'cifar10-resnet20 has no layer "layer4"; the nearest are layer1, layer2, layer3',
  ],
  [['cat.jpg', '-o', 'no/folder.png'], 1, 'cannot write "no/folder.png": there is no such directory'],
])('explain %j fails', async (arguments_, status, error) => {
  expect(await explain(...arguments_)).toEqual({ status, stdout: '', stderr: `error: ${error}\n` })
})
