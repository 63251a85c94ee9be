import { defineConfig } from 'vitest/config'

/** The default suite: everything that needs nothing but the repository. */
export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/*.data.test.ts', '**/*.packed.test.ts', '**/node_modules/**'],
    testTimeout: 60_000,
    maxWorkers: 2,
  },
})
