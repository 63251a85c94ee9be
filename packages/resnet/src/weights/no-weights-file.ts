// Replaces weights-file.ts in browsers, where all weights are in memory.

import { ModelError } from '../errors.ts'
import type * as files from './weights-file.ts'

export class WeightsFile {}

/** @throws ModelError always. */
export function weightsOf(_file: files.WeightsFile): never {
  throw new ModelError('there is no file system here')
}
