// Stands for file-weights.ts in browsers, where no file stays open: what is loaded is in memory.

import { ModelError } from '../errors.ts'
import type * as files from './file-weights.ts'

export class WeightsFile {}

export class FileParameters {}

/** @throws ModelError */
export function tensorsOf(_file: files.WeightsFile): never {
  throw new ModelError('there is no file system here')
}
