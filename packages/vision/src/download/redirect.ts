import { DownloadError } from '../errors.ts'
import { nameOf } from '../source.ts'

/** Honest servers need fewer. */
export const MAX_REDIRECTS = 10

const STATUSES = [301, 302, 303, 307, 308]

/**
 * The URL that an answer redirects to; undefined if it is the last answer.
 * @throws DownloadError if the redirect must not be followed.
 */
export function redirectOf({ status, headers }: Response, from: URL, url: URL): URL | undefined {
  const location = STATUSES.includes(status) ? headers.get('location') : null
  if (location === null) return undefined
  if (!URL.canParse(location, from)) {
    throw new DownloadError(url, 'the server redirects to something that is not a URL', 'check the address')
  }
  const next = new URL(location, from)
  checkRedirect(from, next, url)
  return next
}

/**
 * Checks a redirect. It may lead to another server, but not to a URL that is not http or https, nor from https to http.
 * @throws DownloadError if the redirect must not be followed.
 */
export function checkRedirect(from: URL, to: URL, url: URL): void {
  if (!/^https?:$/.test(to.protocol)) {
    throw new DownloadError(url, `the server redirects to a ${to.protocol} URL`, 'give an http or https address')
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    const reason = `the server redirects from https to ${nameOf(to, '')}`
    throw new DownloadError(url, reason, 'give an https address, or that one itself if you trust it')
  }
}
