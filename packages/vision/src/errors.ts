import { messageLine } from './printable.ts'
import { nameOf } from './source.ts'

/**
 * The error that this package throws on purpose: for an image or data set that cannot be read, or for invalid
 * arguments. Its message is one line that names the file, says what was wrong and, if there is a remedy, what to do.
 */
export class VisionError extends Error {
  override name = 'VisionError'

  /** @param message is made printable, and shortened in the middle if it is very long */
  constructor(message: string, options?: ErrorOptions) {
    super(messageLine(message), options)
  }
}

/** No server was reached; the download failed but may succeed later; or the server refuses the file. */
type FailureKind = 'unreachable' | 'interrupted' | 'refused'

/** A file could not be downloaded. */
export class DownloadError extends VisionError {
  override name = 'DownloadError'
  readonly kind: FailureKind
  /** The server's status, if that was the reason. */
  readonly status: number | undefined

  constructor(
    url: URL,
    /** The reason of the failure. The message has the URL before it and advice after it. */
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
