import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DEFAULT_MAX_PIXELS, MAX_PIXELS } from '@residual/vision'
import { describe, expect, test } from 'vitest'
import { residual, root } from './residual.ts'

describe('help', () => {
  const names = readdirSync(`${root}packages/cli/src/commands`).map(file => file.replace('.ts', ''))

  test.each(names)('of %s shows an example', async command => {
    const run = await residual([command, '--help'])
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(run.stdout).toMatch(new RegExp(`\nExamples?:\n  \\$ residual ${command}\\b`))
    expect(run.stdout).toContain('--json')
    expect(await residual(['help', command])).toEqual(run)
  })

  test('lists every command', async () => {
    const { stdout } = await residual(['--help'])
    for (const name of names) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
  })

  test('names the most pixels that an image may have by default', async () => {
    const { stdout } = await residual(['eval', '--help'])
    const said = stdout.replace(/\s+/g, ' ')
    expect(said).toContain(`(default: ${DEFAULT_MAX_PIXELS.toLocaleString('en')})`)
    const tooMany = await residual(['classify', 'cat.jpg', '--max-pixels', String(MAX_PIXELS + 1)])
    expect(tooMany.stderr).toContain(`Wanted a whole number from 1 to ${MAX_PIXELS}.`)
  })

  test('is what the command alone prints', async () => {
    const run = await residual([])
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(await residual(['--help'])).toEqual(run)
  })

  test.each([[['--help']], [['classify', '--help']], [['bench', '--help']]])('%j loads no library', async words => {
    const { stderr } = await residual(words, { env: { NODE_DEBUG: 'esm,module' } })
    expect(stderr).toContain('commander')
    const modules = stderr.match(/[\w@./-]+\.m?js(?=['"?\s]|$)/gm) ?? []
    // The settings of recipes, which need nothing but the schema, and the chunk that they share with the rest of train.
    const isLibrary = /packages\/(?!cli|core|train)|(core|train)\/dist\/index|sharp|tinyglobby/
    expect(modules.filter(path => isLibrary.test(path))).toEqual([])
    expect(stderr).not.toMatch(/kernels-wasm|sharp/)
  })

  test('of a command loads no other command', async () => {
    const { stderr } = await residual(['list', '--help'], { env: { NODE_DEBUG: 'esm,module' } })
    expect(stderr).toContain('commands/list.js')
    expect(stderr).not.toContain('commands/bench.js')
  })

  test('prints the version', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'packages/cli/package.json'), 'utf8'))
    expect((await residual(['--version'])).stdout).toBe(`${version}\n`)
  })
})
