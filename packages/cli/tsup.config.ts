import { defineConfig } from 'tsup'

export default defineConfig({
  // The ONNX writer by itself is for bench/.
  entry: ['src/cli.ts', 'src/onnx.ts'],
  format: 'esm',
  target: 'node20',
  // A command has no types to publish.
  dts: false,
  clean: true,
  sourcemap: false,
})
