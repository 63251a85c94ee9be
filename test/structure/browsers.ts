import { builtinModules } from 'node:module'
import { relative } from 'node:path'
import { build, type Plugin } from 'esbuild'

/** Dependencies that run in Node alone. */
const NODE_ONLY = ['sharp', 'commander', 'tinyglobby']

const needsNode = new RegExp(`^(node:.*|(${[...builtinModules, ...NODE_ONLY].join('|')})(/.*)?)$`)

/**
 * What browsers cannot load among all that files import, statically or dynamically and over all packages, where
 * `package.json` chooses by the condition `browser`.
 * @param root folder that paths are told from
 * @param entries of the graph: files, or names of installed packages
 * @param conditions besides those of browsers
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
    // Without tree shaking, as what one page leaves out another uses.
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
