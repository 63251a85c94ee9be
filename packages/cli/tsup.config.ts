import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/cli.ts'],
  format: 'esm',
  target: 'node20',
  // A command has no types to publish.
  dts: false,
  clean: true,
  sourcemap: false,
})
