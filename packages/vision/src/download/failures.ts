import { DownloadError } from '../errors.ts'
import { oneLine } from '../source.ts'

/** The error for an answer that is not the file. */
export function statusFailure(url: URL, status: number): DownloadError {
  const mayPass = status === 408 || status === 425 || status === 429 || status >= 500
  const reason = `the server answered ${status}`
  return new DownloadError(url, reason, adviceFor(status), { kind: mayPass ? 'interrupted' : 'refused', status })
}

function adviceFor(status: number): string {
  if (status === 401 || status === 403)
    return 'it is private or needs a login, so download it yourself and give the file'
  if (status === 404 || status === 410) return 'there is no such file, so check the address'
  if (status === 429) return 'too many requests, so try again later'
  return status === 408 || status === 425 || status >= 500 ? 'try again later' : 'check the address'
}

/** Failures below HTTP, by the codes of Node's sockets. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such server, or no network',
  EAI_AGAIN: 'there is no such server, or no network',
  ECONNREFUSED: 'the server refuses connections',
  ENETUNREACH: 'there is no network',
}

/** The error for a failure of fetch, whose own message is only `fetch failed` or `terminated`. */
export function networkFailure(url: URL, error: unknown): DownloadError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  if (UNREACHABLE[code]) {
    return new DownloadError(url, UNREACHABLE[code], 'check the address and the network', {
      kind: 'unreachable',
      cause,
    })
  }
  if (/^(CERT|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code)) {
    return new DownloadError(url, `the server's certificate is not trusted (${code})`, 'check the address', { cause })
  }
  if (code.startsWith('Z_')) {
    const reason = `what the server sends cannot be unpacked (${code})`
    return new DownloadError(url, reason, 'try again later', { kind: 'interrupted', cause })
  }
  if (code) return interrupted(url, `the connection broke (${code})`, cause)
  // A browser has one message for every kind of failure.
  const message = oneLine(cause instanceof Error ? cause.message : String(cause))
  const advice = globalThis.location
    ? 'check the address and the network, and that the server allows pages of this origin (CORS)'
    : 'check the address'
  return new DownloadError(url, `cannot be fetched (${message})`, advice, { kind: 'interrupted', cause })
}

/** The error for a failure that may not happen again. */
export const interrupted = (url: URL, reason: string, cause?: unknown): DownloadError =>
  new DownloadError(url, reason, 'try again later', { kind: 'interrupted', cause })
