import { dirname, join, normalize } from 'node:path/posix'
import type { SourceFile } from './rules.ts'

/** The files that each file needs when it is loaded or run; files that are not given are left out. */
type Dependencies = ReadonlyMap<string, ReadonlySet<string>>

/** The groups of files or modules that need each other, one line for each group. */
export function cycles(dependencies: Dependencies): string[] {
  return components(dependencies)
    .filter(([first, ...rest]) => rest.length > 0 || dependencies.get(first)!.has(first))
    .map(group => group.sort().join(', '))
    .sort()
}

/** Value imports between TypeScript files. Imports of types do not count: they are gone when the code runs. */
export function valueImports(files: readonly SourceFile[]): Dependencies {
  const paths = new Set(files.map(({ path }) => path))
  return new Map(
    files.map(({ path, text }) => {
      const targets = specifiersOf(text).map(specifier => normalize(join(dirname(path), specifier)))
      return [path, new Set(targets.filter(target => paths.has(target)))]
    }),
  )
}

/** The relative specifiers from which a file imports or re-exports values, also dynamically. */
function specifiersOf(text: string): string[] {
  const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')
  const statements = code.matchAll(/^(?:import|export)\b([^'"`;]*?)\bfrom\s+['"](\.[^'"]+)['"]/gm)
  const found = [...statements].filter(([, clause]) => !isTypeOnly(clause)).map(([, , specifier]) => specifier)
  for (const [, specifier] of code.matchAll(/^import\s+['"](\.[^'"]+)['"]/gm)) found.push(specifier)
  for (const [, specifier] of code.matchAll(/\bimport\(\s*['"](\.[^'"]+)['"]\s*\)/g)) found.push(specifier)
  return found
}

/** Whether a clause such as ` type { A }` or ` { type A, type B }` names no value. */
function isTypeOnly(clause: string): boolean {
  if (/^\s+type\b(?!\s*,)/.test(clause)) return true
  const names = /^\s*\{([^}]*)\}\s*$/
    .exec(clause)?.[1]
    .split(',')
    .filter(name => name.trim() !== '')
  return names?.every(name => /^\s*type\s/.test(name)) ?? false
}

/** Uses of one module of a crate by another, by `use crate::`; tests inside a module may use anything. */
export function crateUses(files: readonly SourceFile[]): Dependencies {
  const modules = new Map(files.map(file => [moduleOf(file.path), file.text]))
  return new Map(
    [...modules].map(([name, text]) => {
      const code = text.split(/^#\[cfg\(test\)\]/m)[0]
      const uses = [...code.matchAll(/^\s*(?:pub )?use crate::([^;]+);/gm)].flatMap(([, tree]) => pathsIn(tree))
      const used = uses.map(path => longest(path, modules)).filter(module => module !== undefined)
      return [name, new Set(used)]
    }),
  )
}

/** `crates/nn/src/winograd/mod.rs` is `winograd`, and `crates/nn/src/lib.rs` is the root, whose name is ''. */
function moduleOf(path: string): string {
  return path.replace(/^.*?src\//, '').replace(/(^|\/)(lib|mod)\.rs$|\.rs$/, '')
}

/** The paths in `a::{b, c::d as e}`, written with slashes. */
function pathsIn(tree: string): string[] {
  const opening = tree.indexOf('{')
  if (opening < 0)
    return [
      tree
        .replace(/\sas\s.*$/s, '')
        .trim()
        .replaceAll('::', '/'),
    ]
  const base = tree.slice(0, opening).trim().replaceAll('::', '/')
  const parts = splitList(tree.slice(opening + 1, tree.lastIndexOf('}')))
  return parts.flatMap(pathsIn).map(path => base + path)
}

/** The items of a list, which may contain lists in braces. */
function splitList(list: string): string[] {
  const items = ['']
  let depth = 0
  for (const character of list) {
    if (character === '{') depth++
    if (character === '}') depth--
    if (character === ',' && depth === 0) items.push('')
    else items[items.length - 1] += character
  }
  return items.filter(item => item.trim() !== '')
}

/** The module that a path leads into: the longest beginning of the path that is a module, or the root. */
function longest(path: string, modules: ReadonlyMap<string, string>): string | undefined {
  const parts = path.split('/')
  for (let length = parts.length; length > 0; length--) {
    const name = parts.slice(0, length).join('/')
    if (modules.has(name)) return name
  }
  return undefined
}

/** Strongly connected components (Tarjan 1972). */
function components(dependencies: Dependencies): string[][] {
  const found: string[][] = []
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const visit = (node: string): void => {
    order.set(node, order.size)
    low.set(node, order.get(node)!)
    stack.push(node)
    for (const next of dependencies.get(node)!) {
      if (!order.has(next)) visit(next)
      if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!))
    }
    if (low.get(node) === order.get(node)) found.push(stack.splice(stack.indexOf(node)))
  }
  for (const node of dependencies.keys()) if (!order.has(node)) visit(node)
  return found
}
