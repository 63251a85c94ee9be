import { messageLine } from './printable.ts'

/**
 * What this package throws on purpose: a picture or data set that cannot be read, or arguments that make no sense. Its
 * message is one line that names the file, says what was wrong and, where something can be done about it, what to do.
 */
export class VisionError extends Error {
  override name = 'VisionError'

  /** @param message made printable, and shortened in its middle where it is very long. */
  constructor(message: string, options?: ErrorOptions) {
    super(messageLine(message), options)
  }
}
