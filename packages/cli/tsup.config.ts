import { defineConfig } from 'tsup'

export default defineConfig({
  // A module for each command, which is found in its folder and loaded when it is called.
  entry: ['src/cli.ts', 'src/commands/*.ts'],
  format: 'esm',
  target: 'node20',
  // A command has no types to publish.
  dts: false,
  clean: true,
  sourcemap: false,
})
