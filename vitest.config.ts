import { configDefaults, defineConfig } from 'vitest/config'

const others = ['data', 'heavy', 'mutants', 'packed']
  .map(suite => `**/*.${suite}.test.ts`)
  .concat(configDefaults.exclude)

/** The default suite: everything that needs nothing but the repository. */
export default defineConfig({
  test: {
    // Node 20 has relaxed SIMD behind this flag; later ones have it, and no such flag.
    execArgv: process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : [],
    testTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'packages',
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/cli/**', ...others],
        },
      },
      // Their own project, so that only they wait for the build.
      {
        extends: true,
        test: { name: 'cli', include: ['test/cli/**/*.test.ts'], exclude: others, globalSetup: 'test/cli/build.ts' },
      },
    ],
  },
})
