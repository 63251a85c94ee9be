import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.ts'

// `schema` and `printable` by themselves, so that a command's help loads no kernels.
export default defineConfig(
  library({ index: 'src/index.ts', schema: 'src/schema/index.ts', printable: 'src/printable.ts' }),
)
