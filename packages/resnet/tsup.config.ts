import { defineConfig } from 'tsup'

export default defineConfig({
  // The lab is an entry of its own: who only runs networks loads none of it.
  entry: { index: 'src/index.ts', lab: 'src/lab/index.ts' },
  format: 'esm',
  target: 'es2022',
  removeNodeProtocol: false,
  dts: true,
  clean: true,
  splitting: true,
  sourcemap: false,
})
