import { builtinModules } from 'node:module'
import { relative } from 'node:path'
import { build, type Plugin } from 'esbuild'

/** Dependencies that run only in Node. */
const NODE_ONLY = ['sharp', 'commander', 'tinyglobby']

const needsNode = new RegExp(`^(node:.*|(${[...builtinModules, ...NODE_ONLY].join('|')})(/.*)?)$`)

/**
 * Finds what browsers cannot load in everything that the entries import, statically or dynamically, across all
 * packages. Imports are resolved with the condition `browser` of `package.json`.
 * @param root folder that paths in the result are relative to
 * @param entries files, or names of installed packages
 * @param conditions in addition to those of browsers
 */
export async function nodeInBrowsers(
  root: string,
  entries: readonly string[],
  conditions: string[] = [],
): Promise<string[]> {
  const found = new Set<string>()
  const plugin: Plugin = {
    name: 'node in browsers',
    setup({ onResolve }) {
      onResolve({ filter: needsNode }, ({ path, importer }) => {
        found.add(`${relative(root, importer)}: '${path}' needs Node, and browsers reach it`)
        return { path, external: true }
      })
    },
  }
  await build({
    stdin: { contents: entries.map(entry => `import ${JSON.stringify(entry)}`).join('\n'), resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    // Without tree shaking, because one page may use what another leaves out.
    treeShaking: false,
    ignoreAnnotations: true,
    conditions,
    outdir: 'out',
    write: false,
    logLevel: 'silent',
    plugins: [plugin],
  })
  return [...found].sort()
}
