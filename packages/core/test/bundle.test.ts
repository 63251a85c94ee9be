import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import { afterAll, expect, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import type * as core from '../src/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(root, 'dist-of-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const shared: BuildOptions = { bundle: true, format: 'esm', target: 'es2022', logLevel: 'error' }

/** The entry of the package as it is published: built as tsup builds it, next to its package.json. */
async function publish(): Promise<string> {
  const entryPoints = [join(root, 'src/index.ts')]
  await build({ ...shared, entryPoints, splitting: true, packages: 'external', outdir: join(folder, 'dist') })
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  return join(folder, 'dist/index.js')
}

// A bundler may omit whatever is not imported, except files that package.json lists under `sideEffects`.
test.each([
  { name: 'sources', entry: async () => join(root, 'src/index.ts') },
  { name: 'published files', entry: publish },
])('a page that imports one function of the $name has the methods of tensors', async ({ name, entry }) => {
  const outfile = join(folder, `${name}.mjs`)
  await build({
    ...shared,
    stdin: { contents: `export { input } from '${await entry()}'`, resolveDir: root },
    packages: 'external',
    minify: true,
    outfile,
  })
  const { input }: Pick<typeof core, 'input'> = await import(pathToFileURL(outfile).href)
  expect(input('x', [2, 3]).relu().sum().shape).toEqual([])
})
