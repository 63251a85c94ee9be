import { PullError } from '../../errors.ts'
import type { Archive } from './archives.ts'
import type { Part } from './part.ts'

/** How long to wait for what. */
export interface Patience {
  /** Seconds without a byte after which a connection is given up, default 30. */
  readonly stallSeconds?: number
  /** Times that a download is tried again, counted anew whenever one has brought a good part of it; default 5. */
  readonly retries?: number
  /** Seconds before the first of them, twice as many before each one after it; default 1. */
  readonly retrySeconds?: number
}

export interface DownloadOptions extends Patience {
  readonly signal?: AbortSignal
  /** Called with each piece: the bytes that there are now, of all. */
  readonly onBytes?: (bytes: number) => void
  /** Called before a wait. */
  readonly onRetry?: (reason: string, seconds: number) => void
}

/** What may go better another time. */
class Interruption extends Error {}

/** No connection came about. */
class Unreachable extends Interruption {}

/** The server has another version of the file than the one begun. */
class Changed extends Interruption {
  override message = 'the file has changed on the server and is loaded from its beginning'
}

/** A share of the file that makes a try worth it, however it ended. */
const GOOD_PART = 1 / 64
const LONGEST_WAIT_SECONDS = 30

/**
 * Brings a part to the size of the archive, from where it is. Whether the bytes are the right ones is left to the caller.
 * @throws PullError where the server has something else or says no, and where all tries failed; the signal's reason.
 */
export async function download(
  { url, bytes }: Pick<Archive, 'url' | 'bytes'>,
  part: Part,
  { retries = 5, retrySeconds = 1, ...options }: DownloadOptions,
): Promise<void> {
  let [failures, wasReached] = [0, false]
  for (let have = await part.size(); have !== bytes; have = await part.size()) {
    try {
      await attempt(url, bytes, part, options)
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!(error instanceof Interruption)) throw error
      const now = await part.size()
      failures = now - have >= bytes * GOOD_PART ? 1 : failures + 1
      wasReached ||= !(error instanceof Unreachable)
      if (failures > retries || !wasReached) {
        const kept = now > 0 ? `pull again to go on after ${now} of ${bytes} bytes` : 'pull again later'
        throw new PullError(`${url}: ${error.message}; ${kept}, or try a --mirror`)
      }
      const seconds = Math.min(LONGEST_WAIT_SECONDS, retrySeconds * 2 ** (failures - 1))
      options.onRetry?.(error.message, seconds)
      await pause(seconds, options.signal)
    }
  }
}

async function attempt(
  url: string,
  bytes: number,
  part: Part,
  { stallSeconds = 30, signal, onBytes }: DownloadOptions,
): Promise<void> {
  const watch = new StallWatch(stallSeconds, signal)
  try {
    const have = await firstByte(part, bytes)
    const validator = await part.validator()
    // Not compressed on the way: the checksum is that of the file as it is.
    const headers: Record<string, string> = { 'accept-encoding': 'identity' }
    if (have > 0) headers.range = `bytes=${have}-`
    if (have > 0 && validator) headers['if-range'] = validator
    const response = await fetch(url, { headers, signal: watch.signal })
    const goesOn = checkResponse(response, url, have, bytes, validator)
    if (!goesOn) await part.restart(validatorOf(response))
    await receive(response.body!, url, bytes, part, watch, onBytes)
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof Changed) await part.restart()
    throw watch.stalled ?? (error instanceof Error ? networkError(error, url) : error)
  } finally {
    watch.end()
  }
}

/** A part that is longer than the file is of something else. */
async function firstByte(part: Part, bytes: number): Promise<number> {
  const have = await part.size()
  if (have <= bytes) return have
  await part.restart()
  return 0
}

/** Whether the response goes on after the bytes that there are; otherwise it is the whole file. */
function checkResponse(
  response: Response,
  url: string,
  have: number,
  bytes: number,
  validator: string | undefined,
): boolean {
  const { status, headers } = response
  if (status === 206) {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? []
    if (Number(from) === have && total === String(bytes) && (!validator || validatorOf(response) === validator)) {
      return true
    }
    throw new Changed()
  }
  if (status === 416) throw new Changed()
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    throw new Interruption(`the server answered ${status}`)
  }
  if (status !== 200 || !response.body) {
    throw new PullError(`${url}: the server answered ${status}; try a --mirror`)
  }
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity') {
    throw new PullError(`${url}: the server sends the file in another form (${encoding}); try a --mirror`)
  }
  const length = headers.get('content-length')
  if (length !== null && Number(length) !== bytes) throw wrongSize(url, `${length} bytes`, bytes)
  return false
}

/** A weak ETag does not say that the bytes are the same, so it is no reason to go on. */
function validatorOf({ headers }: Response): string | undefined {
  const tag = headers.get('etag')
  return tag && !tag.startsWith('W/') ? tag : (headers.get('last-modified') ?? undefined)
}

async function receive(
  body: ReadableStream<Uint8Array>,
  url: string,
  bytes: number,
  part: Part,
  watch: StallWatch,
  onBytes: DownloadOptions['onBytes'],
): Promise<void> {
  const file = await part.append()
  const reader = body.getReader()
  let have = await part.size()
  try {
    onBytes?.(have)
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      watch.alive()
      have += read.value.length
      if (have > bytes) throw wrongSize(url, 'more bytes', bytes)
      await file.writeFile(read.value)
      onBytes?.(have)
    }
    if (have < bytes) throw new Interruption(`the connection ended after ${have} of ${bytes} bytes`)
  } finally {
    await reader.cancel().catch(() => {})
    await file.close()
  }
}

const wrongSize = (url: string, got: string, bytes: number) =>
  new PullError(`${url}: the server has ${got}, wanted ${bytes}; it is another file: try a --mirror`)

/** What failed below HTTP, by the codes of Node's sockets. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such server, or no network',
  EAI_AGAIN: 'there is no such server, or no network',
  ECONNREFUSED: 'the server refuses connections',
  ENETUNREACH: 'there is no network',
}

/** Errors of fetch, which says no more than `fetch failed` or `terminated` itself. */
function networkError(error: Error, url: string): Error {
  if (error instanceof Interruption || error instanceof PullError) return error
  // Of writing, not of the network.
  if ('syscall' in error && !(error instanceof TypeError)) return error
  const cause = error.cause instanceof Error ? error.cause : error
  const code = 'code' in cause ? String(cause.code) : ''
  if (UNREACHABLE[code]) return new Unreachable(UNREACHABLE[code])
  if (/^(CERT|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code)) {
    return new PullError(`${url}: the server's certificate is not trusted (${code})`)
  }
  if (/redirect/.test(cause.message)) return new PullError(`${url}: the server redirects in circles; try a --mirror`)
  return new Interruption(`the connection broke (${code || cause.message})`)
}

/** Ends a connection that brings nothing. */
class StallWatch {
  readonly #controller = new AbortController()
  readonly #seconds: number
  /** Set once it has. */
  stalled: Interruption | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(seconds: number, signal: AbortSignal | undefined) {
    this.#seconds = seconds
    signal?.addEventListener('abort', () => this.#controller.abort(signal.reason), { signal: this.signal })
    this.alive()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  alive(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.stalled = new Interruption(`nothing came for ${this.#seconds} s`)
      this.#controller.abort(this.stalled)
    }, this.#seconds * 1000)
  }

  /** Closes the connection, however much of it was read. */
  end(): void {
    clearTimeout(this.#timer)
    this.#controller.abort()
  }
}

function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', stop, { once: true })
  })
}
