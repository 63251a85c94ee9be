import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { residual, root } from './residual.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
  await copyFile(join(root, 'images/cat.jpg'), join(folder, 'cat.jpg'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A call of every command that draws, and the endings of the files that it can write. */
const commands: [call: string[], ...endings: string[]][] = [
  [['graph', '--arch', 'resnet8'], 'html', 'svg'],
  [['ablate', '--data', 'shapes', '--ignore-names', '--limit', '4'], 'html', 'svg'],
  [['explain', 'cat.jpg'], 'html', 'png'],
  [['gradients', '--depths', '8', '--families', 'residual', '--batch', '4'], 'html', 'svg'],
]

/** How files of each kind begin. */
const BEGINNINGS: Readonly<Record<string, RegExp>> = { html: /^<!doctype html>/i, svg: /^<svg /, png: /^.PNG/ }

const written = commands.flatMap(([call, ...endings]) => endings.map(ending => [ending, call] as const))

test.each(written)('.%s in upper case works the same for %j', async (ending, call) => {
  const file = `${call[0]}.${ending.toUpperCase()}`
  expect(await residual([...call, '-o', file], { cwd: folder })).toMatchObject({ status: 0, stderr: '' })
  expect(await readFile(join(folder, file), 'latin1')).toMatch(BEGINNINGS[ending])
})

const refused = commands.flatMap(([call, ...endings]) =>
  ['a.pdf', 'svg', 'a.html.gz', ''].map(file => [file, call, endings] as const),
)

test.each(refused)('%j is refused by %j', async (file, call, endings) => {
  const wanted = `Wanted a name that ends in ${endings.map(ending => `.${ending}`).join(' or ')}.`
  expect(await residual([...call, '--output', file], { cwd: folder })).toEqual({
    status: 2,
    stdout: '',
    stderr: `error: option '-o, --output <file>' argument '${file}' is invalid. ${wanted}\n`,
  })
})
