// Prints the gzipped size of everything that a page loads to classify images: the JavaScript that a bundler writes,
// with all parts loaded on demand, and the largest WebAssembly build (a page loads one). Fails above the limit.
//
//   pnpm size
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** The most bytes. */
const LIMIT = 150_000
const root = fileURLToPath(new URL('..', import.meta.url))

const contents = `
  import { loadModel } from '@residual/resnet'
  import { readImage } from '@residual/vision'
  export { loadModel, readImage }
`
const { outputFiles } = await build({
  // The command depends on all packages, so they are resolved from there.
  stdin: { contents, resolveDir: `${root}packages/cli` },
  bundle: true,
  minify: true,
  splitting: true,
  format: 'esm',
  platform: 'browser',
  outdir: 'out',
  write: false,
  logLevel: 'error',
})
const zipped = bytes => gzipSync(bytes, { level: 9 }).length
const script = outputFiles.reduce((sum, file) => sum + zipped(file.contents), 0)
const builds = ['simd128', 'relaxed', 'simd128-shared', 'relaxed-shared']
const kernels = Math.max(
  ...builds.map(name => zipped(readFileSync(`${root}packages/kernels-wasm/wasm/${name}/residual_bg.wasm`))),
)
const kilobytes = bytes => `${(bytes / 1000).toFixed(1)} kB`
console.log(`JavaScript ${kilobytes(script)}, WebAssembly ${kilobytes(kernels)}, gzipped`)
console.log(`${kilobytes(script + kernels)} of ${kilobytes(LIMIT)}`)
process.exitCode = script + kernels <= LIMIT ? 0 : 1
