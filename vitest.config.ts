import { defineConfig } from 'vitest/config'

/** The default suite: everything that needs nothing but the repository. */
export default defineConfig({
  test: {
    // Node 20 has relaxed SIMD behind this flag; later ones have it, and no such flag.
    execArgv: process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : [],
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/*.data.test.ts', '**/*.packed.test.ts', '**/node_modules/**'],
    testTimeout: 60_000,
    maxWorkers: 2,
  },
})
