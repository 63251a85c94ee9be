import { VisionError } from '../errors.ts'

/** A download that failed, or that gave something else than was asked for. */
export class PullError extends VisionError {
  override name = 'PullError'
}
