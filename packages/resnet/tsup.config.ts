import { defineConfig } from 'tsup'
import { perPlatform } from '../../tsup.base.ts'

// `files` is for packages that write files next to models: trainings and reports.
const { node, browser } = perPlatform({ index: 'src/index.ts', files: 'src/files/index.ts' })

export default defineConfig([node, browser])
