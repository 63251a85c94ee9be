import { defineConfig } from 'tsup'

export default defineConfig({
  // `files` is for the packages that keep files beside models: trainings and reports.
  entry: { index: 'src/index.ts', files: 'src/files/index.ts' },
  format: 'esm',
  target: 'es2022',
  removeNodeProtocol: false,
  dts: true,
  clean: true,
  splitting: true,
  sourcemap: false,
})
