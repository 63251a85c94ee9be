import { type Download, type DownloadOptions, openDownload } from '../download/index.ts'
import { DownloadError, VisionError } from '../errors.ts'
import type { Archive } from './archives.ts'
import { PullError } from './errors.ts'
import type { Part } from './part.ts'

/** How long to wait for a server, and how often to try again. */
export interface Patience extends Pick<DownloadOptions, 'stallSeconds'> {
  /**
   * How often to try a download again; default 5. The count restarts after a try that brought a good part of the file.
   */
  readonly retries?: number
  /** Seconds to wait before the first new try; default 1. The wait doubles before each further try. */
  readonly retrySeconds?: number
}

export interface ResumableOptions extends Patience, DownloadOptions {
  /** Called with each piece that arrives, with the number of bytes of the file so far. */
  readonly onBytes?: (bytes: number) => void
  /** Called before a wait. */
  readonly onRetry?: (reason: string, seconds: number) => void
}

/** A failure that may not happen again. */
class Interruption extends Error {}

/** The server has another version of the file than the one begun. */
class Changed extends Interruption {
  override message = 'the file has changed on the server and is downloaded again from the start'
}

/** The share of the file that makes a try count as a success, however it ended. */
const GOOD_PART = 1 / 64
const LONGEST_WAIT_SECONDS = 30

/**
 * Continues a part until it has the size of the archive. The caller checks whether the bytes are the right ones.
 * @throws PullError if the server refuses or has another file, and if all tries failed; the signal's reason.
 */
export async function download(
  { url, bytes }: Pick<Archive, 'url' | 'bytes'>,
  part: Part,
  { retries = 5, retrySeconds = 1, ...options }: ResumableOptions,
): Promise<void> {
  let [failures, wasReached] = [0, false]
  for (let have = await part.size(); have !== bytes; have = await part.size()) {
    try {
      await attempt(url, bytes, part, options)
    } catch (error) {
      options.signal?.throwIfAborted()
      const reason = interruptionIn(error, url)
      const now = await part.size()
      failures = now - have >= bytes * GOOD_PART ? 1 : failures + 1
      wasReached ||= !(error instanceof DownloadError && error.kind === 'unreachable')
      if (failures > retries || !wasReached) {
        const kept = now > 0 ? `pull again to continue after ${now} of ${bytes} bytes` : 'pull again later'
        throw new PullError(`${url}: ${reason}; ${kept}, or try a --mirror`)
      }
      const seconds = Math.min(LONGEST_WAIT_SECONDS, retrySeconds * 2 ** (failures - 1))
      options.onRetry?.(reason, seconds)
      await pause(seconds, options.signal)
    }
  }
}

/**
 * The reason of an interruption after which a new try makes sense.
 * @throws PullError, or the error itself, for any other failure.
 */
function interruptionIn(error: unknown, url: string): string {
  if (error instanceof Interruption) return error.message
  if (!(error instanceof VisionError)) throw error
  if (!(error instanceof DownloadError)) throw new PullError(error.message, { cause: error })
  if (error.kind === 'refused') throw new PullError(`${url}: ${error.reason}; try a --mirror`, { cause: error })
  return error.reason
}

async function attempt(
  url: string,
  bytes: number,
  part: Part,
  { stallSeconds, signal, onBytes }: ResumableOptions,
): Promise<void> {
  try {
    const have = await firstByte(part, bytes)
    const validator = await part.validator()
    const headers: Record<string, string> = {}
    if (have > 0) headers.range = `bytes=${have}-`
    if (have > 0 && validator) headers['if-range'] = validator
    const answer = await openDownload(url, { headers, stallSeconds, signal })
    try {
      if (!goesOn(answer, url, have, bytes, validator)) await part.restart(validatorOf(answer))
      await receive(answer.stream, url, bytes, part, onBytes)
    } finally {
      await answer.stream.cancel().catch(() => {})
    }
  } catch (error) {
    const hasChanged = error instanceof Changed || (error instanceof DownloadError && error.status === 416)
    if (!hasChanged) throw error
    await part.restart()
    throw new Changed()
  }
}

/** The number of bytes to continue after. A part longer than the file belongs to another file and is restarted. */
async function firstByte(part: Part, bytes: number): Promise<number> {
  const have = await part.size()
  if (have <= bytes) return have
  await part.restart()
  return 0
}

/** Whether the answer continues after the existing bytes; otherwise it is the whole file. */
function goesOn(answer: Download, url: string, have: number, bytes: number, validator: string | undefined): boolean {
  const { status, headers } = answer
  if (status === 206) {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? []
    if (Number(from) === have && total === String(bytes) && (!validator || validatorOf(answer) === validator)) {
      return true
    }
    throw new Changed()
  }
  // The checksum is of the file without any content encoding.
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity') {
    throw new PullError(`${url}: the server sends the file in another form (${encoding}); try a --mirror`)
  }
  const length = headers.get('content-length')
  if (length !== null && Number(length) !== bytes) throw wrongSize(url, `${length} bytes`, bytes)
  return false
}

/** Identifies a version of the file. A weak ETag does not guarantee the same bytes, so it does not count. */
function validatorOf({ headers }: Download): string | undefined {
  const tag = headers.get('etag')
  return tag && !tag.startsWith('W/') ? tag : (headers.get('last-modified') ?? undefined)
}

async function receive(
  body: ReadableStream<Uint8Array>,
  url: string,
  bytes: number,
  part: Part,
  onBytes: ResumableOptions['onBytes'],
): Promise<void> {
  const file = await part.append()
  const reader = body.getReader()
  let have = await part.size()
  try {
    onBytes?.(have)
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
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
