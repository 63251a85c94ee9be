import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts', 'src/worker.js'],
  format: 'esm',
  target: 'es2022',
  removeNodeProtocol: false,
  dts: { entry: 'src/index.ts' },
  clean: true,
  splitting: false,
  // src/ and dist/ both lie beside wasm/, so the path stays as it is written.
  external: [/^\.\.\/wasm\//],
})
