import { DownloadError, type DownloadOptions, download, VisionError, type WholeFileRequest } from '@residual/vision'
import { ModelError } from '../errors.ts'

/** Whether files are read by Node's own module; otherwise everything is fetched. */
export const isNode = typeof process !== 'undefined' && process.versions?.node !== undefined

/** Whether a location is a URL that is fetched, or a path. */
export const isFetched = (location: string): boolean => !isNode || /^(https?|data|blob):/i.test(location)

/** Whether a URL is of one file, as its name tells, and not of a directory. */
export const isOneFile = (url: string): boolean =>
  /^(data|blob):/i.test(url) || /\.(safetensors|pth?|th|bin)([?#]|$)/.test(url)

/** What may be fetched, how large it may be and how it begins. */
export type FetchedKind = Required<Pick<WholeFileRequest, 'limit' | 'what'>> & Pick<WholeFileRequest, 'check'>

/**
 * The bytes at a URL, or `undefined` if the server says by 404 or 410 that there is no such file.
 * @throws ModelError for every other answer, and where the file cannot be had; the signal's reason.
 */
export async function fetchIfThere(
  location: string,
  kind: FetchedKind,
  { signal, stallSeconds }: DownloadOptions = {},
): Promise<Uint8Array | undefined> {
  try {
    return await download(location, { ...kind, signal, stallSeconds })
  } catch (error) {
    if (error instanceof DownloadError && error.isAbsent) return undefined
    if (error instanceof VisionError) throw new ModelError(error.message, { cause: error })
    throw error
  }
}
