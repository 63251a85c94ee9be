import { defineConfig } from 'vitest/config'

/** Tests that read CIFAR-10 and other people's weights; they fail where the data is missing. */
export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.data.test.ts', 'test/**/*.data.test.ts'],
    testTimeout: 900_000,
    fileParallelism: false,
  },
})
