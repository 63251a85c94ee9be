import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = fileURLToPath(new URL('../packages/', import.meta.url))
const tsup = join(dirname(createRequire(import.meta.url).resolve('tsup/package.json')), 'dist/cli-default.js')

/**
 * Builds the JavaScript of every package in a second or two, for the demo and for tests of the command. Only publishing
 * needs the type declarations, which take most of the time of `pnpm build`; and unlike turbo this needs no pnpm on the
 * path. Packages do not bundle each other, so the order does not matter.
 * @throws an Error with tsup's output if a package does not build.
 */
export async function buildJavaScript() {
  await Promise.all(readdirSync(packages).map(name => build(join(packages, name))))
}

function build(folder) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [tsup, '--no-dts'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    const output = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => output.push(chunk))
    child.on('error', reject)
    child.on('close', code => {
      if (code === 0) resolve()
      else reject(new Error(`${folder} does not build:\n${Buffer.concat(output)}`))
    })
  })
}
