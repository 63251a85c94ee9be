import { defineConfig, type Options } from 'tsup'

const common = (platform: 'node' | 'browser', suffix: string): Options => ({
  entry: { [`index${suffix}`]: 'src/index.ts', [`worker${suffix}`]: 'src/workers/worker.ts' },
  platform,
  format: 'esm',
  target: 'es2022',
  // What `#decode`, `#encode`, `#files`, `#port` and `#workers` stand for (package.json) is decided here and ends up in the bundle.
  noExternal: [/^#/],
  removeNodeProtocol: false,
  splitting: true,
  esbuildOptions(options) {
    options.chunkNames = `common-[hash]${suffix}`
  },
})

export const node = common('node', '')
export const browser = common('browser', '.browser')

// Files of the disk: no browser has them.
const nodeOnly = { pull: 'src/pull/index.ts', processes: 'src/files/processes.ts' }

export default defineConfig([
  { ...node, entry: { ...node.entry, ...nodeOnly }, dts: { entry: { index: 'src/index.ts', ...nodeOnly } } },
  browser,
])
