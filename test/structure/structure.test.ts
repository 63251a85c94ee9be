import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
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
  shareViolations,
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

/** The builds of a package, with the source of each file that they make. */
async function buildsOf(name: string): Promise<{ platform?: string; entry: Record<string, string> }[]> {
  const { default: builds } = await import(`../../packages/${name}/tsup.config.ts`)
  return [builds].flat()
}

describe('the repository', () => {
  test('has the packages and crates that the rules name', () => {
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

  test('no package detects its platform, except in files that package.json chooses', () => {
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

  test('every dependency has a reason in docs/dependencies.md', () => {
    const documentation = read('docs/dependencies.md').text
    const manifests = paths.filter(path => path.endsWith('package.json'))
    expect(manifests.flatMap(path => undocumentedDependencies(path, manifestOf(path), documentation))).toEqual([])
  })

  test('every dependency is pinned, except those whose patches are wanted', () => {
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
    expect(cycles(crateUses(sources.map(read)))).toEqual([])
  })

  test('no source file is too long to read', () => {
    const sources = paths.filter(
      path => /\.(ts|mts|js|mjs|rs|py|sh)$/.test(path) && !/\/wasm\/.*\.(js|d\.ts)$|\.generated\.ts$/.test(path),
    )
    expect(sources.flatMap(path => lengthViolations(read(path)))).toEqual([])
  })

  test('no package holds a quarter of the code', () => {
    const lines = (path: string) => (path.endsWith('.generated.ts') ? 0 : read(path).text.split('\n').length - 1)
    const linesOf = names.map(name => [name, sourcesOf(name).reduce((sum, path) => sum + lines(path), 0)] as const)
    expect(shareViolations(new Map(linesOf))).toEqual([])
  })

  test('everything is printed through the file that escapes it', () => {
    const sources = paths.filter(path => /^packages\/[^/]+\/src\/.*\.(ts|js)$/.test(path))
    expect(sources.length).toBeGreaterThan(0)
    expect(sources.flatMap(path => printViolations(read(path)))).toEqual([])
  })

  test('tests use test, not it', () => {
    const sources = paths.filter(path => path.endsWith('.test.ts'))
    expect(sources.length).toBeGreaterThan(0)
    expect(sources.flatMap(path => testNameViolations(read(path)))).toEqual([])
  })

  test('packages that may not import each other escape the same way', () => {
    const [first, second] = ['core', 'vision'].map(name => read(`packages/${name}/src/printable.ts`))
    expect(second.text).toBe(first.text)
  })

  test('no lockfile names a registry', () => {
    const lockfiles = paths.filter(path => /(pnpm-lock\.yaml|package-lock\.json|Cargo\.lock)$/.test(path))
    expect(lockfiles.length).toBeGreaterThanOrEqual(2)
    expect(lockfiles.flatMap(path => lockfileViolations(read(path)))).toEqual([])
  })
})
