import { isObject, value } from '@residual/core/schema'
import type { Architecture } from './row.ts'

/** The option for an architecture: its name or its row. */
export const architectureOption = value<string | Architecture>(
  'the name of an architecture or its row',
  given => typeof given === 'string' || isObject(given),
)
