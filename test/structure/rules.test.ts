import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nodeInBrowsers } from './browsers.ts'
import { crateUses, cycles, valueImports } from './cycles.ts'
import {
  buildViolations,
  conditionViolations,
  crateViolations,
  importViolations,
  lengthViolations,
  lockfileViolations,
  type Manifest,
  manifestViolations,
  platformViolations,
  printViolations,
  shareViolations,
  testNameViolations,
  undocumentedDependencies,
  unpinnedDependencies,
} from './rules.ts'

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
    const wrong = found ? [`${path}: '${found}' detects the platform; let imports of package.json choose`] : []
    expect(platformViolations('vision', { path, text }, vision)).toEqual(wrong)
  })

  test('platforms: names exports that one file lacks', () => {
    const texts: Record<string, string> = {
      'packages/vision/src/browser.ts': 'export function decode() {}\nexport class Decoder {}',
      'packages/vision/src/node.ts': "export const decode = 1\nexport { encode, type Png } from './encode.ts'",
    }
    expect(conditionViolations('vision', vision, path => ({ path, text: texts[path] }))).toEqual([
      'packages/vision: #decode: ./src/browser.ts lacks encode',
      'packages/vision: #decode: ./src/node.ts lacks Decoder',
    ])
  })

  test('browsers: names imports that need Node, however far they are from the entry', async () => {
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
    const wrong = found === undefined ? [] : [`packages/${file}: '${found}' prints without packages/cli/src/output.ts`]
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
    expect(testNameViolations({ path, text })).toEqual(isRight ? [] : [`${path}: use 'test' instead of 'it'`])
  })

  test('dependencies: names those without a line', () => {
    const manifest = { dependencies: { sharp: '1' }, devDependencies: { vite: '1', '@residual/core': '1' } }
    expect(undocumentedDependencies('package.json', manifest, '| `sharp` | decodes |')).toEqual([
      "package.json: 'vite' has no line in docs/dependencies.md",
    ])
  })

  test('dependencies: names those that are not pinned as they should be', () => {
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

  test('crates: names used crates that are not to the left', () => {
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

  test('share: names packages with a quarter of the code', () => {
    expect(shareViolations(new Map(Object.entries({ a: 24, b: 25, c: 25, d: 26 })))).toEqual([
      'packages/b: 25 of 100 lines are a quarter or more',
      'packages/c: 25 of 100 lines are a quarter or more',
      'packages/d: 26 of 100 lines are a quarter or more',
    ])
  })

  test('length: counts lines', () => {
    expect(lengthViolations({ path: 'a.ts', text: '\n'.repeat(349) })).toEqual([])
    expect(lengthViolations({ path: 'a.ts', text: '\n'.repeat(350) })).toEqual(['a.ts: 350 lines, at most 349'])
  })

  test('lockfiles: names each host once', () => {
    const text =
      'source = "registry+https://github.com/rust-lang/crates.io-index"\nhttps://registry.example/a\nhttps://registry.example/b'
    expect(lockfileViolations({ path: 'Cargo.lock', text })).toEqual(['Cargo.lock: names https://registry.example'])
  })
})
