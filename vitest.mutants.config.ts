import { defineConfig } from 'vitest/config'

/** 20,000 damaged files; RESIDUAL_MUTANTS_SEED chooses others, and RESIDUAL_MUTANT one of them by its number. */
export default defineConfig({
  test: {
    // Node 20 has relaxed SIMD behind this flag; later ones have it, and no such flag.
    execArgv: process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : [],
    include: ['test/**/*.mutants.test.ts'],
    globalSetup: 'test/cli/build.ts',
    hookTimeout: 3_600_000,
  },
})
