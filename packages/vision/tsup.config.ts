import { defineConfig, type Options } from 'tsup'

const common: Options = {
  format: 'esm',
  target: 'es2022',
  // What `#decode`, `#files` and `#workers` stand for (package.json) is decided here and ends up in the bundle.
  noExternal: [/^#/],
  removeNodeProtocol: false,
  splitting: false,
}

const worker = 'src/workers/worker.ts'

export const browser: Options = {
  ...common,
  entry: { 'index.browser': 'src/index.ts', 'worker.browser': worker },
  platform: 'browser',
}

export const node: Options = { ...common, entry: { index: 'src/index.ts', worker }, platform: 'node' }

export default defineConfig([{ ...node, dts: { entry: 'src/index.ts' } }, browser])
