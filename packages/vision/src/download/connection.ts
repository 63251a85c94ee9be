import { DownloadError, VisionError } from '../errors.ts'
import { interrupted, networkFailure } from './failures.ts'
import { checkRedirect, MAX_REDIRECTS, redirectOf } from './redirect.ts'

/** When to give a download up. */
export interface DownloadOptions {
  /** Ends the download, which rejects with the signal's reason. `AbortSignal.timeout` limits the time of all of it. */
  readonly signal?: AbortSignal
  /** Seconds without a byte after which a connection is given up, default 30. */
  readonly stallSeconds?: number
}

/** The longest that a timer takes, in milliseconds. */
const LONGEST = 2 ** 31 - 1

/** The requests that one file takes. To be closed when the file is there or given up. */
export class Connection {
  readonly #url: URL
  readonly #stallSeconds: number
  readonly #signal: AbortSignal | undefined
  readonly #controller = new AbortController()
  #hasStalled = false

  /** @throws VisionError for a `stallSeconds` that is no time; the signal's reason where it is aborted already. */
  constructor(url: URL, { signal, stallSeconds = 30 }: DownloadOptions) {
    if (!(stallSeconds > 0)) throw new VisionError(`got stallSeconds ${stallSeconds}, wanted a number above 0`)
    signal?.throwIfAborted()
    this.#url = url
    this.#stallSeconds = stallSeconds
    this.#signal = signal
    signal?.addEventListener('abort', this.#abort)
  }

  /**
   * Asks for the file, and follows redirects to the last answer.
   * @throws DownloadError as {@link waitFor} does, and if a redirect must not be followed; the signal's reason.
   */
  async request(headers: Readonly<Record<string, string>>): Promise<Response> {
    const ask = (from: URL, redirect: RequestRedirect) =>
      this.waitFor(() => fetch(from, { headers, redirect, signal: this.#controller.signal }))
    let from = this.#url
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await ask(from, 'manual')
      if (response.type === 'opaqueredirect') {
        // A browser does not say where this leads. It can only follow by itself, and say afterwards where it is.
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

  /** Waits for what the server does next. @throws DownloadError if it fails or nothing comes; the signal's reason. */
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

  /** Ends it, however much of it was read. */
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
