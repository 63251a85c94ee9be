import { defineConfig } from 'tsup'

export default defineConfig({
  // `schema` by itself, so that a command's help loads no kernels.
  entry: { index: 'src/index.ts', schema: 'src/schema/index.ts' },
  format: 'esm',
  target: 'es2022',
  removeNodeProtocol: false,
  dts: true,
  clean: true,
  splitting: true,
  sourcemap: false,
})
