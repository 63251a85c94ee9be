import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.ts'

// `schema` and `printable` are separate entries, so that the help of a command loads no kernels.
export default defineConfig(
  library({ index: 'src/index.ts', schema: 'src/schema/index.ts', printable: 'src/printable.ts' }),
)
