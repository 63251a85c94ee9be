import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const root = fileURLToPath(new URL('../../', import.meta.url))
export const cat = join(root, 'images/cat.jpg')

const run = promisify(execFile)

/** A folder with packages that are installed from tarballs, as in a user's project. */
export interface Installed {
  folder: string
  remove(): void
}

/** Packs the packages whose names match, and installs them and `others` with npm into an empty folder. */
export async function installPacked(packages: RegExp, others: readonly string[] = []): Promise<Installed> {
  const folder = mkdtempSync(join(tmpdir(), 'residual-packed-'))
  const tarballs = join(folder, 'tarballs')
  mkdirSync(tarballs)
  for (const name of readdirSync(join(root, 'packages')).filter(name => packages.test(name))) {
    const cwd = join(root, 'packages', name)
    await run('npx', ['-y', 'pnpm@10', 'pack', '--pack-destination', tarballs], { cwd })
  }
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const files = readdirSync(tarballs).map(file => `./tarballs/${file}`)
  await run('npm', ['install', '--no-audit', '--no-fund', ...files, ...others], { cwd: folder })
  return { folder, remove: () => rmSync(folder, { recursive: true }) }
}

/** Runs a program in a folder, with the given `node` as the first one on the path. */
export async function runIn(folder: string, node: string, command: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}`, NODE_OPTIONS: '' }
  const { stdout } = await run(command, args, { cwd: folder, env, timeout: 120_000 })
  return stdout
}

/** The example of the library in the README: the block of JavaScript that imports @residual/resnet. */
export function readmeExample(): string {
  const blocks = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```js\n(.*?)^```$/gms)]
  const example = blocks.map(block => block[1]).find(code => code.includes("from '@residual/resnet'"))
  if (!example) throw new Error('README.md has no example that imports @residual/resnet')
  return example
}
