import { dirname, join, normalize } from 'node:path/posix'

/** The workspace packages that each package may import. */
export const MAY_IMPORT: Record<string, readonly string[]> = {
  'kernels-wasm': [],
  vision: [],
  core: ['kernels-wasm'],
  onnx: ['core'],
  resnet: ['core', 'vision'],
  train: ['core', 'vision', 'resnet'],
  lab: ['core', 'vision', 'resnet', 'train'],
  cli: ['kernels-wasm', 'core', 'vision', 'onnx', 'resnet', 'train', 'lab'],
}

/** Crates in order: each may use those to its left. */
export const CRATES = ['operands', 'simd', 'gemm', 'nn', 'program', 'wasm']

const MAX_LINES = 349

/** A file of the repository, its path from the root. */
export interface SourceFile {
  path: string
  text: string
}

export interface Manifest {
  name?: string
  type?: string
  license?: string
  description?: string
  sideEffects?: boolean | string[]
  engines?: { node?: string }
  files?: string[]
  bin?: Record<string, string>
  imports?: Record<string, Record<string, string>>
  exports?: Record<string, Record<string, string>>
  publishConfig?: { access?: string; exports?: Record<string, Record<string, string>> }
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

/** A file without the lines that are comments. */
const codeOf = (text: string): string => text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')

/** The specifiers that a file imports or names by `new URL(..., import.meta.url)`. */
function importsOf(text: string): string[] {
  const patterns = [
    /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s+['"]([^'"]+)['"]/gm,
    /^\s*import\s+['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
    /new URL\(\s*['"](\.[^'"]*)['"]\s*,\s*import\.meta\.url\s*\)/g,
  ]
  const code = codeOf(text)
  return patterns.flatMap(pattern => Array.from(code.matchAll(pattern), ([, specifier]) => specifier))
}

/** What is wrong with the imports of one file in `src/` of the package `name`. */
export function importViolations(name: string, file: SourceFile, manifest: Manifest): string[] {
  const folder = `packages/${name}/`
  const wrong: string[] = []
  for (const specifier of importsOf(file.text)) {
    const says = `${file.path}: '${specifier}'`
    if (specifier.startsWith('.')) {
      if (!normalize(join(dirname(file.path), specifier)).startsWith(folder)) wrong.push(`${says} leaves the package`)
    } else if (specifier.startsWith('#')) {
      if (!manifest.imports?.[specifier]) wrong.push(`${says} is not in the package's imports`)
    } else if (!specifier.startsWith('node:')) {
      const parts = specifier.split('/')
      const dependency = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
      if (!manifest.dependencies?.[dependency]) wrong.push(`${says} is not among the package's dependencies`)
      const workspace = /^@residual\/(.+)$/.exec(dependency)?.[1]
      if (workspace && !MAY_IMPORT[name].includes(workspace)) wrong.push(`${says} may not be imported by ${name}`)
    }
  }
  return wrong
}

/** Code that detects the platform, which only files that package.json chooses for one platform may contain. */
const PLATFORM = /\btypeof (process|window|document|navigator|WorkerGlobalScope|Deno|Bun)\b|\bprocess\.versions\b/

/** Where a file in `src/` of a package detects its platform, although all platforms share the file. */
export function platformViolations(name: string, { path, text }: SourceFile, manifest: Manifest): string[] {
  const chosen = Object.values(manifest.imports ?? {}).flatMap(branch => Object.values(branch))
  if (chosen.some(file => normalize(join('packages', name, file)) === path)) return []
  const found = PLATFORM.exec(codeOf(text))
  return found ? [`${path}: '${found[0]}' detects the platform; let imports of package.json choose`] : []
}

/** Exports that a `#name` has on one platform and lacks on the other. */
export function conditionViolations(name: string, manifest: Manifest, read: (path: string) => SourceFile): string[] {
  return Object.entries(manifest.imports ?? {}).flatMap(([specifier, branch]) => {
    const namesOf = (file: string) => exportsOf(read(normalize(join('packages', name, file))).text)
    const [browser, node] = [namesOf(branch.browser), namesOf(branch.default)]
    const lacks = (file: string, has: string[], wanted: string[]) =>
      wanted.filter(each => !has.includes(each)).map(each => `packages/${name}: ${specifier}: ${file} lacks ${each}`)
    return [...lacks(branch.browser, browser, node), ...lacks(branch.default, node, browser)]
  })
}

/** The names of the values that a file exports. */
function exportsOf(text: string): string[] {
  const code = codeOf(text)
  const declared = code.matchAll(/^export (?:async )?(?:function\*?|const|let|class) (\w+)/gm)
  const listed = code.matchAll(/^export \{([^}]*)\}/gm)
  const names = Array.from(listed, ([, list]) => list.split(',').map(each => each.trim().replace(/^.* as /, '')))
  return [...Array.from(declared, ([, each]) => each), ...names.flat()].filter(each => each && !/^type /.test(each))
}

/** Exports of a package that no build makes. @param built paths of the files that the package's builds make. */
export function buildViolations(path: string, manifest: Manifest, built: readonly string[]): string[] {
  const wanted = Object.values(manifest.publishConfig?.exports ?? {}).flatMap(({ types: _, ...files }) =>
    Object.values(files),
  )
  return wanted.filter(file => !built.includes(file)).map(file => `${path}: ${file} is exported, and nothing builds it`)
}

/** What is wrong with the package.json of a package that is published. */
export function manifestViolations(path: string, manifest: Manifest): string[] {
  const name = path.split('/')[1]
  const wrong: string[] = []
  const want = (holds: boolean | undefined, what: string) => holds || wrong.push(`${path}: ${what}`)
  want(manifest.name === `@residual/${name}`, `name is @residual/${name}`)
  want(manifest.type === 'module', 'type is module')
  want(manifest.license === 'MIT', 'license is MIT')
  want(Boolean(manifest.description), 'description says what it is')
  want(manifest.sideEffects === false || Array.isArray(manifest.sideEffects), 'sideEffects is false, or names files')
  want(manifest.engines?.node === '>=20', 'engines.node is >=20')
  want(manifest.publishConfig?.access === 'public', 'publishConfig.access is public')
  want(manifest.files?.includes('dist'), 'files has dist')
  if (manifest.bin) return wrong
  const [exported, published] = [manifest.exports?.['.'], manifest.publishConfig?.exports?.['.']]
  want(exported?.development === './src/index.ts', "exports['.'].development is ./src/index.ts")
  want(Object.keys(published ?? {})[0] === 'types', "publishConfig.exports['.'] begins with types")
  want(published && !('development' in published), 'publishConfig.exports has no development')
  const { development: _, ...rest } = exported ?? {}
  want(JSON.stringify(rest) === JSON.stringify(published), 'publishConfig.exports is exports without development')
  return wrong
}

/** Dependencies of a package.json that have no line in docs/dependencies.md: `| name | ... |`. */
export function undocumentedDependencies(path: string, manifest: Manifest, documentation: string): string[] {
  const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
  return names
    .filter(name => !name.startsWith('@residual/') && !documentation.includes(`| \`${name}\` |`))
    .map(name => `${path}: '${name}' has no line in docs/dependencies.md`)
}

/** Dependencies whose patches are taken as they come, because they read untrusted files. */
const PATCHED = ['sharp']

/** Dependencies of a package.json that another install may resolve to another version. */
export function unpinnedDependencies(path: string, manifest: Manifest): string[] {
  return Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    .filter(([name, version]) => {
      const pinned = PATCHED.includes(name)
        ? /^~\d+\.\d+\.\d+$/
        : /^(\d+\.\d+\.\d+(-[\w.]+)?|workspace:\*|npm:\S+@\d\S*)$/
      return !pinned.test(version)
    })
    .map(([name, version]) => `${path}: '${name}' is not pinned by ${version}`)
}

/** Crates that a Cargo.toml uses although they are not to its left. */
export function crateViolations(name: string, toml: string): string[] {
  const dependencies = toml.split(/^\[/m).find(section => section.startsWith('dependencies]')) ?? ''
  const used = [...dependencies.matchAll(/^([\w-]+)/gm)].map(match => match[1]).filter(crate => CRATES.includes(crate))
  const left = CRATES.slice(0, CRATES.indexOf(name))
  return used.filter(crate => !left.includes(crate)).map(crate => `crates/${name}: '${crate}' is not to its left`)
}

export function lengthViolations(file: SourceFile): string[] {
  const lines = file.text.split('\n').length - 1
  return lines > MAX_LINES ? [`${file.path}: ${lines} lines, at most ${MAX_LINES}`] : []
}

/**
 * Where a file in `src/` of a package prints by itself: only the command prints, and only through output.ts, which
 * escapes what a terminal would obey.
 */
export function printViolations({ path, text }: SourceFile): string[] {
  if (path === 'packages/cli/src/output.ts') return []
  const printing = path.startsWith('packages/cli/') ? /\bconsole\b|\.write\(/ : /\bconsole\b|\bprocess\.std(out|err)\b/
  const found = printing.exec(codeOf(text))
  return found ? [`${path}: '${found[0]}' prints without packages/cli/src/output.ts`] : []
}

/** Test files that import vitest's `it`: vitest has two names for one function, and this repository uses `test`. */
export function testNameViolations({ path, text }: SourceFile): string[] {
  const names = [...text.matchAll(/^import\s*{([^}]*)}\s*from\s*['"]vitest['"]/gm)].flatMap(([, list]) =>
    list.split(','),
  )
  return names.some(name => /^\s*it(\s+as\s|\s*$)/.test(name)) ? [`${path}: use 'test' instead of 'it'`] : []
}

/** Addresses in a lockfile, which would tie every install to the registry that the lockfile was made with. */
export function lockfileViolations(file: SourceFile): string[] {
  const cratesIo = 'registry+https://github.com/rust-lang/crates.io-index'
  const addresses = file.text.replaceAll(cratesIo, '').match(/https?:\/\/[^/\s"']+/g) ?? []
  return [...new Set(addresses)].map(address => `${file.path}: names ${address}`)
}

/** Packages that hold a quarter or more of the lines of all packages. */
export function shareViolations(linesOf: ReadonlyMap<string, number>): string[] {
  const all = [...linesOf.values()].reduce((sum, lines) => sum + lines, 0)
  return [...linesOf]
    .filter(([, lines]) => 4 * lines >= all)
    .map(([name, lines]) => `packages/${name}: ${lines} of ${all} lines are a quarter or more`)
}
