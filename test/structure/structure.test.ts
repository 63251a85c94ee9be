import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { nodeInBrowsers } from './browsers.ts'
import { crateUses, cycles, valueImports } from './cycles.ts'
import {
  buildViolations,
  CRATES,
  conditionViolations,
  crateViolations,
  importViolations,
  lengthViolations,
  lockfileViolations,
  MAY_IMPORT,
  type Manifest,
  manifestViolations,
  platformViolations,
  printViolations,
  type SourceFile,
  testNameViolations,
  undocumentedDependencies,
  unpinnedDependencies,
} from './rules.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string): SourceFile => ({ path, text: readFileSync(new URL(path, root), 'utf8') })
const manifestOf = (path: string): Manifest => JSON.parse(read(path).text)
const paths = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate'], {
  cwd: fileURLToPath(root),
  encoding: 'utf8',
})
  .split('\n')
  .filter(path => path && !path.includes('/.tmp/'))
const names = Object.keys(MAY_IMPORT)
const sourcesOf = (name: string) =>
  paths.filter(path => path.startsWith(`packages/${name}/src/`) && /\.(ts|js)$/.test(path))

/** What the builds of a package are made of, by their paths in it. */
async function buildsOf(name: string): Promise<{ platform?: string; entry: Record<string, string> }[]> {
  const { default: builds } = await import(`../../packages/${name}/tsup.config.ts`)
  return [builds].flat()
}

describe('the repository', () => {
  test('has the packages and crates that the rules speak of', () => {
    const folders = (parent: string) =>
      [...new Set(paths.filter(path => path.startsWith(parent)).map(path => path.split('/')[1]))].sort()
    expect(folders('packages/')).toEqual([...names].sort())
    expect(folders('crates/')).toEqual([...CRATES].sort())
  })

  test.each(names)('%s imports only what it may', name => {
    const sources = sourcesOf(name)
    expect(sources.length).toBeGreaterThan(0)
    const manifest = manifestOf(`packages/${name}/package.json`)
    expect(sources.flatMap(path => importViolations(name, read(path), manifest))).toEqual([])
  })

  test('no package looks where it runs, but in files that package.json chooses', () => {
    const violationsOf = (name: string) => {
      const manifest = manifestOf(`packages/${name}/package.json`)
      return [
        ...sourcesOf(name).flatMap(path => platformViolations(name, read(path), manifest)),
        ...conditionViolations(name, manifest, read),
      ]
    }
    expect(names.flatMap(violationsOf)).toEqual([])
  })

  test('browsers reach nothing that needs Node', async () => {
    const entries = await Promise.all(
      names
        .filter(name => name !== 'cli')
        .map(async name => {
          const builds = (await buildsOf(name)).filter(({ platform }) => platform !== 'node')
          return builds.flatMap(({ entry }) => Object.values(entry).map(file => `./packages/${name}/${file}`))
        }),
    )
    expect(await nodeInBrowsers(fileURLToPath(root), entries.flat(), ['development'])).toEqual([])
  })

  test.each(names)('%s builds what it exports', async name => {
    const built = (await buildsOf(name)).flatMap(({ entry }) => Object.keys(entry).map(file => `./dist/${file}.js`))
    const path = `packages/${name}/package.json`
    expect(buildViolations(path, manifestOf(path), built)).toEqual([])
  })

  test.each(names)('%s declares what a published package needs', name => {
    const path = `packages/${name}/package.json`
    expect(manifestViolations(path, manifestOf(path))).toEqual([])
  })

  test('every dependency has its reason in docs/dependencies.md', () => {
    const documentation = read('docs/dependencies.md').text
    const manifests = paths.filter(path => path.endsWith('package.json'))
    expect(manifests.flatMap(path => undocumentedDependencies(path, manifestOf(path), documentation))).toEqual([])
  })

  test('every dependency is pinned, but for those whose patches are wanted', () => {
    const manifests = paths.filter(path => path.endsWith('package.json'))
    expect(manifests.flatMap(path => unpinnedDependencies(path, manifestOf(path)))).toEqual([])
  })

  test.each(CRATES)('crate %s uses only crates to its left', name => {
    expect(crateViolations(name, read(`crates/${name}/Cargo.toml`).text)).toEqual([])
  })

  test.each(names)('no files of %s import each other', name => {
    const sources = paths.filter(path => path.startsWith(`packages/${name}/src/`) && /\.(ts|js)$/.test(path))
    expect(cycles(valueImports(sources.map(read)))).toEqual([])
  })

  test.each(CRATES)('no modules of crate %s use each other', name => {
    const sources = paths.filter(path => path.startsWith(`crates/${name}/src/`) && path.endsWith('.rs'))
    // The interpreter's match over the instructions has two halves.
    const groups = cycles(crateUses(sources.map(read))).filter(group => group !== 'interpreter, training')
    expect(groups).toEqual([])
  })

  test('no source file is too long to read', () => {
    const sources = paths.filter(
      path => /\.(ts|mts|js|mjs|rs|py|sh)$/.test(path) && !/\/wasm\/.*\.(js|d\.ts)$|\.generated\.ts$/.test(path),
    )
    expect(sources.flatMap(path => lengthViolations(read(path)))).toEqual([])
  })

  test('nothing is printed but by way of what escapes it', () => {
    const sources = paths.filter(path => /^packages\/[^/]+\/src\/.*\.(ts|js)$/.test(path))
    expect(sources.length).toBeGreaterThan(0)
    expect(sources.flatMap(path => printViolations(read(path)))).toEqual([])
  })

  test('a test is called test', () => {
    const sources = paths.filter(path => path.endsWith('.test.ts'))
    expect(sources.length).toBeGreaterThan(0)
    expect(sources.flatMap(path => testNameViolations(read(path)))).toEqual([])
  })

  test('packages that may not import each other escape in the same way', () => {
    const [first, second] = ['core', 'vision'].map(name => read(`packages/${name}/src/printable.ts`))
    expect(second.text).toBe(first.text)
  })

  test('no lockfile names a registry', () => {
    const lockfiles = paths.filter(path => /(pnpm-lock\.yaml|package-lock\.json|Cargo\.lock)$/.test(path))
    expect(lockfiles.length).toBeGreaterThanOrEqual(2)
    expect(lockfiles.flatMap(path => lockfileViolations(read(path)))).toEqual([])
  })
})

describe('the rules', () => {
  const vision: Manifest = {
    dependencies: { sharp: '1', '@residual/core': 'workspace:*' },
    imports: { '#decode': { browser: './src/browser.ts', default: './src/node.ts' } },
  }

  test.each([
    ["import { a } from './a.ts'\nimport sharp from 'sharp'\nawait import('node:fs')", []],
    ["import { decode } from '#decode'", []],
    ["// import a from 'elsewhere'", []],
    ["import { Tensor } from '@residual/core'", ["'@residual/core' may not be imported by vision"]],
    ["import type {\n  Tensor,\n} from '@residual/core/x'", ["'@residual/core/x' may not be imported by vision"]],
    ["import chalk from 'chalk'", ["'chalk' is not among the package's dependencies"]],
    ["export * from '../../core/src/index.ts'", ["'../../core/src/index.ts' leaves the package"]],
    ["new URL('../../core/wasm/x.wasm', import.meta.url)", ["'../../core/wasm/x.wasm' leaves the package"]],
    ["import fs from 'node:fs'", []],
    ["import '#other'", ["'#other' is not in the package's imports"]],
  ])('imports: %j', (text, wrong) => {
    const path = 'packages/vision/src/index.ts'
    expect(importViolations('vision', { path, text }, vision)).toEqual(wrong.map(what => `${path}: ${what}`))
  })

  test.each([
    ['index.ts', "if (typeof process === 'object') start()", 'typeof process'],
    ['index.ts', 'const isNode = Boolean(process.versions?.node)', 'process.versions'],
    ['index.ts', "const isPage = typeof document !== 'undefined'", 'typeof document'],
    ['index.ts', 'const { pid } = process', undefined],
    ['browser.ts', "const isPage = typeof document !== 'undefined'", undefined],
  ])('platforms: %s: %j', (file, text, found) => {
    const path = `packages/vision/src/${file}`
    const wrong = found ? [`${path}: '${found}' looks where it runs; let imports of package.json choose`] : []
    expect(platformViolations('vision', { path, text }, vision)).toEqual(wrong)
  })

  test('platforms: names what a file lacks that the other has', () => {
    const texts: Record<string, string> = {
      'packages/vision/src/browser.ts': 'export function decode() {}\nexport class Decoder {}',
      'packages/vision/src/node.ts': "export const decode = 1\nexport { encode, type Png } from './encode.ts'",
    }
    expect(conditionViolations('vision', vision, path => ({ path, text: texts[path] }))).toEqual([
      'packages/vision: #decode: ./src/browser.ts lacks encode',
      'packages/vision: #decode: ./src/node.ts lacks Decoder',
    ])
  })

  test('browsers: names what needs Node, however far it is from the entry', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'residual-structure-'))
    const files = {
      'package.json': JSON.stringify({
        name: 'a',
        imports: { '#files': { browser: './browser.js', default: './node.js' } },
        exports: { './other': { browser: './dynamic.js', default: './node.js' } },
      }),
      'index.js': "import '#files'\nimport 'a/other'",
      'browser.js': "import './static.js'",
      'node.js': "import 'node:net'",
      'static.js': "import { readFile } from 'fs/promises'\nexport const read = () => import('sharp')",
      'dynamic.js': "export const read = () => import('node:fs')",
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    expect(await nodeInBrowsers(folder, ['./index.js'])).toEqual([
      "dynamic.js: 'node:fs' needs Node, and browsers reach it",
      "static.js: 'fs/promises' needs Node, and browsers reach it",
      "static.js: 'sharp' needs Node, and browsers reach it",
    ])
    rmSync(folder, { recursive: true })
  })

  test('builds: names exports that nothing builds', () => {
    const exports = { '.': { types: './dist/a.d.ts', browser: './dist/a.browser.js', default: './dist/a.js' } }
    expect(buildViolations('package.json', { publishConfig: { exports } }, ['./dist/a.js'])).toEqual([
      'package.json: ./dist/a.browser.js is exported, and nothing builds it',
    ])
  })

  test('package.json: names each field that is missing', () => {
    expect(manifestViolations('packages/core/package.json', { exports: { '.': { default: './a.js' } } })).toEqual(
      [
        'name is @residual/core',
        'type is module',
        'license is MIT',
        'description says what it is',
        'sideEffects is false, or names files',
        'engines.node is >=20',
        'publishConfig.access is public',
        'files has dist',
        "exports['.'].development is ./src/index.ts",
        "publishConfig.exports['.'] begins with types",
        'publishConfig.exports has no development',
        'publishConfig.exports is exports without development',
      ].map(what => `packages/core/package.json: ${what}`),
    )
  })

  test.each([
    ['cli/src/output.ts', 'process.stdout.write(text)', undefined],
    ['cli/src/errors.ts', 'process.stderr.write(text)', '.write('],
    ['cli/src/errors.ts', 'this.#stream.write(text)', '.write('],
    ['cli/src/cli.ts', "process.stdout.on('error', fail)", undefined],
    ['cli/src/cli.ts', 'console.error(error)', 'console'],
    ['core/src/compile.ts', 'await executable.write(values)', undefined],
    ['core/src/compile.ts', 'process.stderr.write(text)', 'process.stderr'],
    ['core/src/compile.ts', ' * console.log(text)', undefined],
  ])('printing: %s: %j', (file, text, found) => {
    const wrong = found === undefined ? [] : [`packages/${file}: '${found}' prints past packages/cli/src/output.ts`]
    expect(printViolations({ path: `packages/${file}`, text })).toEqual(wrong)
  })

  test.each([
    ["import { describe, expect, test } from 'vitest'", true],
    ["import { expect, it } from 'vitest'", false],
    ["import { it, test } from 'vitest'", false],
    ["import {\n  describe,\n  it as test,\n} from 'vitest'", false],
    ["import { it } from './italian.ts'\nimport { test } from 'vitest'", true],
    ["import { test } from 'vitest'\ntest('says what it (the model) is')", true],
  ])('test names: %j', (text, isRight) => {
    const path = 'packages/core/test/graph.test.ts'
    expect(testNameViolations({ path, text })).toEqual(isRight ? [] : [`${path}: 'it' is called 'test' here`])
  })

  test('dependencies: names those without a line', () => {
    const manifest = { dependencies: { sharp: '1' }, devDependencies: { vite: '1', '@residual/core': '1' } }
    expect(undocumentedDependencies('package.json', manifest, '| `sharp` | decodes |')).toEqual([
      "package.json: 'vite' has no line in docs/dependencies.md",
    ])
  })

  test('dependencies: names those of which other versions may come', () => {
    const manifest = {
      dependencies: { sharp: '~0.35.5', commander: '~14.0.0', '@residual/core': 'workspace:*' },
      devDependencies: { vite: '^7.1.0', tsup: '8.5.0' },
    }
    expect(unpinnedDependencies('package.json', manifest)).toEqual([
      "package.json: 'commander' is not pinned by ~14.0.0",
      "package.json: 'vite' is not pinned by ^7.1.0",
    ])
    expect(unpinnedDependencies('package.json', { dependencies: { sharp: '0.35.5' } })).toEqual([
      "package.json: 'sharp' is not pinned by 0.35.5",
    ])
  })

  test('crates: names those to the right', () => {
    expect(
      crateViolations('nn', '[dependencies]\nsimd = "1"\nprogram.workspace = true\n[features]\nwasm = []'),
    ).toEqual(["crates/nn: 'program' is not to its left"])
  })

  test.each<[Record<string, string>, string[]]>([
    [{ a: "import { b } from './b.ts'", b: '' }, []],
    [{ a: "import { b } from './b.ts'", b: "import { a } from './a.ts'" }, ['a.ts, b.ts']],
    [{ a: "import { b } from './b.ts'", b: "import type { A } from './a.ts'" }, []],
    [{ a: "import { b } from './b.ts'", b: "import { type A, type C } from './a.ts'" }, []],
    [{ a: "import { b } from './b.ts'", b: "import {\n  type A,\n  c,\n} from './a.ts'" }, ['a.ts, b.ts']],
    [{ a: "import { b } from './b.ts'", b: "export type { A } from './a.ts'" }, []],
    [{ a: "import { b } from './b.ts'", b: "export { a } from './a.ts'" }, ['a.ts, b.ts']],
    [{ a: "import { b } from './b.ts'", b: "export * from './a.ts'" }, ['a.ts, b.ts']],
    [{ a: "import { b } from './b.ts'", b: "import './a.ts'" }, ['a.ts, b.ts']],
    [{ a: "import { b } from './b.ts'", b: "const { a } = await import('./a.ts')" }, ['a.ts, b.ts']],
    [{ a: "import { b } from './b.ts'", b: "// import { a } from './a.ts'" }, []],
    [{ a: "import { a } from './a.ts'" }, ['a.ts']],
    [
      {
        a: "import b from './b.ts'",
        b: "import c from './c.ts'",
        c: "import a from './a.ts'\nimport d from './d.ts'",
        d: "import e from './e.ts'",
        e: "import d from './d.ts'",
      },
      ['a.ts, b.ts, c.ts', 'd.ts, e.ts'],
    ],
  ])('cycles of imports: %j', (sources, wanted) => {
    const files = Object.entries(sources).map(([name, text]) => ({ path: `${name}.ts`, text }))
    expect(cycles(valueImports(files))).toEqual(wanted)
  })

  test.each<[Record<string, string>, string[]]>([
    [{ 'a.rs': 'use crate::b::B;', 'b.rs': 'use std::mem;' }, []],
    [{ 'a.rs': 'use crate::b::B;', 'b.rs': 'use crate::a::{A, C};' }, ['a, b']],
    [{ 'a.rs': 'pub use crate::{b::B, c};', 'b/mod.rs': 'use crate::a;', 'c.rs': '' }, ['a, b']],
    [{ 'a.rs': 'use crate::b::c::C;', 'b/c.rs': 'use crate::a::A;', 'b/mod.rs': 'mod c;' }, ['a, b/c']],
    [{ 'a.rs': 'use crate::b::B;', 'b.rs': '#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}' }, []],
  ])('cycles of modules: %j', (sources, wanted) => {
    const files = Object.entries(sources).map(([path, text]) => ({ path: `crates/nn/src/${path}`, text }))
    expect(cycles(crateUses(files))).toEqual(wanted)
  })

  test('length: counts lines', () => {
    expect(lengthViolations({ path: 'a.ts', text: '\n'.repeat(400) })).toEqual([])
    expect(lengthViolations({ path: 'a.ts', text: '\n'.repeat(401) })).toEqual(['a.ts: 401 lines, at most 400'])
  })

  test('lockfiles: names each host once', () => {
    const text =
      'source = "registry+https://github.com/rust-lang/crates.io-index"\nhttps://registry.example/a\nhttps://registry.example/b'
    expect(lockfileViolations({ path: 'Cargo.lock', text })).toEqual(['Cargo.lock: names https://registry.example'])
  })
})
