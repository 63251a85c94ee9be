import { defineConfig } from 'tsup'
import { perPlatform } from '../../tsup.base.ts'

// `files` is for the packages that keep files beside models: trainings and reports.
const { node, browser } = perPlatform({ index: 'src/index.ts', files: 'src/files/index.ts' })

export default defineConfig([node, browser])
