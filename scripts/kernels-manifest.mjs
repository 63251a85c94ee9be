// Writes packages/kernels-wasm/wasm/manifest.json: the sources and compilers of the prebuilt files.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const root = new URL('../', import.meta.url)
const wasm = new URL('packages/kernels-wasm/wasm/', root)
const sha256 = data => createHash('sha256').update(data).digest('hex')
const version = (tool, ...args) => execFileSync(tool, args, { encoding: 'utf8' }).trim()

/** Hash of everything that the compiler reads: names and contents, in order of name. */
export function sourcesHash() {
  const files = ['Cargo.toml', 'Cargo.lock', 'scripts/build-kernels.sh']
  for (const entry of readdirSync(new URL('crates/', root), { recursive: true, withFileTypes: true })) {
    const path = `${entry.parentPath}/${entry.name}`.replace(/\\/g, '/')
    if (entry.isFile() && /\.(rs|toml)$/.test(entry.name)) files.push(path.slice(path.lastIndexOf('/crates/') + 1))
  }
  const hash = createHash('sha256')
  for (const file of files.sort())
    hash
      .update(`${file}\0`)
      .update(readFileSync(new URL(file, root)))
      .update('\0')
  return hash.digest('hex')
}

if (process.argv[1] && import.meta.url.endsWith(process.argv[1].split(/[\\/]/).pop())) {
  const files = {}
  for (const build of readdirSync(wasm, { withFileTypes: true }).filter(entry => entry.isDirectory())) {
    for (const name of ['residual.js', 'residual_bg.wasm']) {
      const data = readFileSync(new URL(`${build.name}/${name}`, wasm))
      files[`${build.name}/${name}`] = { sha256: sha256(data), bytes: data.length, gzip: gzipSync(data).length }
    }
  }
  const manifest = {
    sources: sourcesHash(),
    compilers: {
      rustc: version('rustc', '--version'),
      'wasm-pack': version('wasm-pack', '--version'),
      'wasm-bindgen': version('wasm-bindgen', '--version'),
    },
    files,
  }
  writeFileSync(new URL('manifest.json', wasm), `${JSON.stringify(manifest, null, 2)}\n`)
}
