import { VisionError } from '../errors.ts'

/** A download that failed, or that brought another file than requested. */
export class PullError extends VisionError {
  override name = 'PullError'
}
