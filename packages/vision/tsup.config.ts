import { defineConfig, type Options } from 'tsup'

const common: Options = {
  format: 'esm',
  target: 'es2022',
  // What `#decode` and `#files` stand for (package.json) is decided here and ends up in the bundle.
  noExternal: [/^#/],
  removeNodeProtocol: false,
  splitting: false,
}

export const browser: Options = { ...common, entry: { 'index.browser': 'src/index.ts' }, platform: 'browser' }

export default defineConfig([{ ...common, entry: ['src/index.ts'], platform: 'node', dts: true }, browser])
