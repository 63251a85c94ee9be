import { defineConfig, type Options } from 'tsup'

const common = (platform: 'node' | 'browser', suffix: string): Options => ({
  entry: { [`index${suffix}`]: 'src/index.ts', [`worker${suffix}`]: 'src/workers/worker.ts' },
  platform,
  format: 'esm',
  target: 'es2022',
  // What `#decode`, `#encode`, `#files`, `#port` and `#workers` stand for (package.json) is decided here and ends up in the bundle.
  noExternal: [/^#/],
  removeNodeProtocol: false,
  // What both have is in one file, whose name has no hash, so that it takes the place of the last build's.
  splitting: true,
  esbuildOptions(options) {
    options.chunkNames = `common${suffix}`
  },
})

export const node = common('node', '')
export const browser = common('browser', '.browser')

export default defineConfig([{ ...node, dts: { entry: 'src/index.ts' } }, browser])
