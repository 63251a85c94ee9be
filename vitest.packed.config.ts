import { defineConfig } from 'vitest/config'

/** Packs every package, installs the tarballs with npm into an empty folder and uses them there. */
export default defineConfig({
  test: {
    include: ['test/**/*.packed.test.ts'],
    testTimeout: 900_000,
    hookTimeout: 900_000,
    fileParallelism: false,
  },
})
