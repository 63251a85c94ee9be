import { defineConfig } from 'vitest/config'

/** Tests that read CIFAR-10 and other people's weights; they fail where the data is missing. */
export default defineConfig({
  test: {
    // Node 20 has relaxed SIMD behind this flag; later ones have it, and no such flag.
    execArgv: process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : [],
    include: ['packages/*/test/**/*.data.test.ts', 'test/**/*.data.test.ts'],
    globalSetup: 'test/cli/build.ts',
    testTimeout: 900_000,
    fileParallelism: false,
  },
})
