import { DownloadError, VisionError } from '../errors.ts'
import { interrupted, networkFailure } from './failures.ts'
import { checkRedirect, MAX_REDIRECTS, redirectOf } from './redirect.ts'

/** When to give up a download. */
export interface DownloadOptions {
  /** Aborts the download, which then rejects with the signal's reason. `AbortSignal.timeout` limits its whole time. */
  readonly signal?: AbortSignal
  /** The seconds without a byte after which the connection is given up; default 30. */
  readonly stallSeconds?: number
}

/** The longest time of a timer, in milliseconds. */
const LONGEST = 2 ** 31 - 1

/** The requests for one file. Close it when the file is complete or given up. */
export class Connection {
  readonly #url: URL
  readonly #stallSeconds: number
  readonly #signal: AbortSignal | undefined
  readonly #controller = new AbortController()
  #hasStalled = false

  /** @throws VisionError for an invalid `stallSeconds`; the signal's reason if it is already aborted. */
  constructor(url: URL, { signal, stallSeconds = 30 }: DownloadOptions) {
    if (!(stallSeconds > 0)) throw new VisionError(`got stallSeconds ${stallSeconds}, wanted a number above 0`)
    signal?.throwIfAborted()
    this.#url = url
    this.#stallSeconds = stallSeconds
    this.#signal = signal
    signal?.addEventListener('abort', this.#abort)
  }

  /**
   * Requests the file, and follows redirects to the last answer.
   * @throws DownloadError as {@link waitFor} does, and if a redirect must not be followed; the signal's reason.
   */
  async request(headers: Readonly<Record<string, string>>): Promise<Response> {
    const ask = (from: URL, redirect: RequestRedirect) =>
      this.waitFor(() => fetch(from, { headers, redirect, signal: this.#controller.signal }))
    let from = this.#url
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await ask(from, 'manual')
      if (response.type === 'opaqueredirect') {
        // A browser does not tell where this leads. It can only follow by itself, and tell afterwards where it arrived.
        const last = await ask(from, 'follow')
        checkRedirect(from, new URL(last.url || from), this.#url)
        return last
      }
      const next = redirectOf(response, from, this.#url)
      if (!next) return response
      await response.body?.cancel().catch(() => {})
      from = next
    }
    throw new DownloadError(this.#url, 'the server redirects in circles', 'check the address')
  }

  /**
   * Waits for the server's next answer or piece.
   * @throws DownloadError if it fails or nothing arrives in time; the signal's reason.
   */
  async waitFor<T>(next: () => Promise<T>): Promise<T> {
    const timer = setTimeout(this.#stall, Math.min(LONGEST, this.#stallSeconds * 1000))
    try {
      return await next()
    } catch (error) {
      this.#signal?.throwIfAborted()
      throw this.#hasStalled
        ? interrupted(this.#url, `nothing came for ${this.#stallSeconds} s`)
        : networkFailure(this.#url, error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Closes the connection, however much was read. */
  close(): void {
    this.#signal?.removeEventListener('abort', this.#abort)
    this.#controller.abort()
  }

  readonly #abort = () => this.#controller.abort(this.#signal?.reason)

  readonly #stall = () => {
    this.#hasStalled = true
    this.#controller.abort()
  }
}
