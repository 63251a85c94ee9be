import { defineConfig, type Options } from 'tsup'
import { perPlatform } from '../../tsup.base.ts'

const { node, browser } = perPlatform({ index: 'src/index.ts', turn: 'src/turn.ts' }, { worker: 'src/worker.js' })

const kernels: Options = {
  // src/ and dist/ both lie beside wasm/, so the path stays as it is written.
  external: [/^\.\.\/wasm\//],
  // Workers cannot load parts in every bundle.
  splitting: false,
}

export default defineConfig([
  { ...node, ...kernels },
  { ...browser, ...kernels },
])
