import { DownloadError, VisionError } from '../errors.ts'
import { checkKeys, type Keys } from '../options.ts'
import { nameOf } from '../source.ts'
import { Connection, type DownloadOptions } from './connection.ts'
import { interrupted, statusFailure } from './failures.ts'

export type { DownloadOptions } from './connection.ts'

/** The options of {@link openDownload}. */
export interface FileRequest extends DownloadOptions {
  /** The most bytes that the file may have, counted after decompression; default no limit. */
  readonly limit?: number
  /** The name of such a file in messages about the limit; default 'a file'. */
  readonly what?: string
  /** Headers of the request, such as `range`, which a server may answer with 206. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A file that a server has begun to send. */
export interface Download {
  /** 200, or 206 if a range was requested. */
  readonly status: number
  readonly headers: Headers
  /** The number of bytes to come, if the server tells it. */
  readonly size: number | undefined
  /** The bytes as they arrive. It fails with a DownloadError or the signal's reason; `cancel` closes the connection. */
  readonly stream: ReadableStream<Uint8Array>
}

const KEYS: Keys<WholeFileRequest> = {
  ...{ signal: true, stallSeconds: true, limit: true, what: true, headers: true, check: true },
}

/**
 * Begins to download a file. It tries only once, and gives up the connection if nothing arrives for `stallSeconds`. It
 * follows at most ten redirects, also to other servers, but never from https to http.
 *
 * @param source a URL, in browsers relative to the page
 * @throws DownloadError if the server does not answer or its answer is not the file; the signal's reason after an
 *   abort.
 */
export async function openDownload(source: string | URL, request: FileRequest = {}): Promise<Download> {
  checkKeys('openDownload', request, KEYS)
  const url = urlOf(source)
  const connection = new Connection(url, request)
  try {
    // Uncompressed, so that content-length is the size of the file. Browsers ignore this header.
    const response = await connection.request({ 'accept-encoding': 'identity', ...request.headers })
    const { status, headers } = response
    if (status !== 200 && !(status === 206 && request.headers?.range)) throw statusFailure(url, status)
    const length = headers.get('content-length')
    if (Number(length) > (request.limit ?? Number.POSITIVE_INFINITY)) {
      throw tooLarge(url, `the server has ${length} bytes, more than the`, request)
    }
    // The length of a compressed answer is not the size, and pages do not see whether other origins compress.
    const isPlain = response.type !== 'cors' && (headers.get('content-encoding') ?? 'identity') === 'identity'
    const size = isPlain && length !== null && /^\d+$/.test(length) ? Number(length) : undefined
    return { status, headers, size, stream: streamOf(response, size, connection, url, request) }
  } catch (error) {
    connection.close()
    throw error
  }
}

function streamOf(
  { body }: Response,
  size: number | undefined,
  connection: Connection,
  url: URL,
  request: FileRequest,
): ReadableStream<Uint8Array> {
  const { limit = Number.POSITIVE_INFINITY } = request
  const reader = body?.getReader()
  let received = 0
  const next = async (): Promise<Uint8Array | undefined> => {
    const value = reader && (await connection.waitFor(() => reader.read())).value
    received += value?.length ?? 0
    if (received > limit) throw tooLarge(url, 'the server sends more than the', request)
    if (value || size === undefined || received >= size) return value
    throw interrupted(url, `the connection ended after ${received} of ${size} bytes`)
  }
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    let isOpen = false
    try {
      const chunk = await next()
      isOpen = chunk !== undefined
      if (chunk) controller.enqueue(chunk)
      else controller.close()
    } finally {
      if (!isOpen) connection.close()
    }
  }
  // Nothing is read ahead: the time that the caller takes for a piece must not count as a stall of the server.
  return new ReadableStream({ pull, cancel: () => connection.close() }, { highWaterMark: 0 })
}

/** The options of {@link download}. */
export interface WholeFileRequest extends FileRequest {
  readonly limit: number
  /**
   * Called with the first bytes, at least 512 unless the file is shorter; an error that it throws ends the download.
   */
  readonly check?: (start: Uint8Array) => void
}

/** Enough bytes to identify a file. */
const START_BYTES = 512

/**
 * Downloads a whole file into memory.
 * @throws DownloadError as {@link openDownload} does, and for a file that is larger than the limit or is cut short.
 */
export async function download(source: string | URL, request: WholeFileRequest): Promise<Uint8Array<ArrayBuffer>> {
  const { stream, size } = await openDownload(source, request)
  const reader = stream.getReader()
  try {
    // Copied at once: a piece may be one byte of a buffer, which would stay in memory as a whole.
    let bytes = new Uint8Array(size ?? 2 ** 16)
    let [length, isChecked] = [0, false]
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const wanted = length + read.value.length
      if (wanted > bytes.length) bytes = grown(bytes, Math.min(request.limit, Math.max(wanted, 2 * length)))
      bytes.set(read.value, length)
      length = wanted
      if (!isChecked && length >= START_BYTES) {
        request.check?.(bytes.subarray(0, length))
        isChecked = true
      }
    }
    if (!isChecked) request.check?.(bytes.subarray(0, length))
    return length === bytes.length ? bytes : bytes.slice(0, length)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new DownloadError(
      urlOf(source),
      'the file does not fit into memory',
      'download it yourself and give the file',
      { cause: error },
    )
  } finally {
    await reader.cancel().catch(() => {})
  }
}

function grown(bytes: Uint8Array, capacity: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(capacity)
  larger.set(bytes)
  return larger
}

function tooLarge(url: URL, more: string, { limit, what = 'a file' }: FileRequest): DownloadError {
  return new DownloadError(url, `${more} ${limit} bytes that ${what} may have`, 'check the address')
}

/**
 * Parses a URL, which in browsers may be relative to the page.
 * @throws VisionError if it is not a URL, or contains a user or password, which are not sent.
 */
export function urlOf(source: string | URL): URL {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href
  if (!URL.canParse(String(source), base)) throw new VisionError(`${nameOf(source, '')}: is not a URL`)
  const url = new URL(source, base)
  if (!url.username && !url.password) return url
  throw new VisionError(
    `${nameOf(url, '')}: a user and password in a URL are not sent; download the file yourself and give it`,
  )
}
