import { defineConfig } from 'vitest/config'

/** What takes minutes or gigabytes, and the default suite tries in small. */
export default defineConfig({
  test: {
    // Node 20 has relaxed SIMD behind this flag; later ones have it, and no such flag.
    execArgv: process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : [],
    include: ['packages/*/test/**/*.heavy.test.ts', 'test/**/*.heavy.test.ts'],
    globalSetup: 'test/cli/build.ts',
    testTimeout: 900_000,
    fileParallelism: false,
  },
})
