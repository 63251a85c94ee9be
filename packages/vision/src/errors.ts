import { messageLine } from './printable.ts'
import { nameOf } from './source.ts'

/**
 * What this package throws on purpose: an image or data set that cannot be read, or arguments that make no sense. Its
 * message is one line that names the file, says what was wrong and, if something can be done about it, what to do.
 */
export class VisionError extends Error {
  override name = 'VisionError'

  /** @param message made printable, and shortened in its middle where it is very long. */
  constructor(message: string, options?: ErrorOptions) {
    super(messageLine(message), options)
  }
}

/** No server was reached; something failed that may succeed another time; or the file cannot be had. */
type FailureKind = 'unreachable' | 'interrupted' | 'refused'

/** A file could not be downloaded. */
export class DownloadError extends VisionError {
  override name = 'DownloadError'
  readonly kind: FailureKind
  /** The server's status, if that was what was wrong. */
  readonly status: number | undefined

  constructor(
    url: URL,
    /** What was wrong. The message has the URL before it and what to do after it. */
    readonly reason: string,
    advice: string,
    { kind = 'refused', status, cause }: { kind?: FailureKind; status?: number; cause?: unknown } = {},
  ) {
    super(`${nameOf(url, '')}: ${reason}; ${advice}`, { cause })
    this.kind = kind
    this.status = status
  }

  /** Whether the server says that the file does not exist. */
  get isAbsent(): boolean {
    return this.status === 404 || this.status === 410
  }
}
