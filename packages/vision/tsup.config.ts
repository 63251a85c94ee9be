import { defineConfig } from 'tsup'
import { perPlatform } from '../../tsup.base.ts'

export const { node, browser } = perPlatform(
  { index: 'src/index.ts', pull: 'src/pull/index.ts', processes: 'src/processes/index.ts' },
  { worker: 'src/workers/worker.ts' },
)

export default defineConfig([node, browser])
