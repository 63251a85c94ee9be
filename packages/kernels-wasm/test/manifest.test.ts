import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { sourcesHash } from '../../../scripts/kernels-manifest.mjs'

const wasm = new URL('../wasm/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('manifest.json', wasm), 'utf8'))

test('the prebuilt kernels were built from the current Rust sources', () => {
  expect(manifest.sources, 'run scripts/build-kernels.sh').toBe(sourcesHash())
})

test.each(['simd128', 'relaxed', 'simd128-shared', 'relaxed-shared'])('the files of %s match the manifest', build => {
  for (const name of [`${build}/residual.js`, `${build}/residual_bg.wasm`]) {
    const data = readFileSync(new URL(name, wasm))
    const { sha256, bytes } = manifest.files[name]
    expect({ sha256: createHash('sha256').update(data).digest('hex'), bytes: data.length }).toEqual({ sha256, bytes })
  }
})
