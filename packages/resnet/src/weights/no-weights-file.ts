// Stands for weights-file.ts in browsers, where no file stays open: what is loaded is in memory.

import { ModelError } from '../errors.ts'
import type * as files from './weights-file.ts'

export class WeightsFile {}

/** @throws ModelError */
export function weightsOf(_file: files.WeightsFile): never {
  throw new ModelError('there is no file system here')
}
