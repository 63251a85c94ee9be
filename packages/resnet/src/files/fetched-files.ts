import { DownloadError, type DownloadOptions, download, VisionError, type WholeFileRequest } from '@residual/vision'
import { ModelError } from '../errors.ts'
import { checkFormat } from '../weights/index.ts'
import { MAX_BYTES } from './types.ts'

/** A kind of file that can be fetched: its name, its largest size, and a check of its beginning. */
type FetchedKind = Required<Pick<WholeFileRequest, 'limit' | 'what'>> & Pick<WholeFileRequest, 'check'>

const CONFIG: FetchedKind = { limit: MAX_BYTES.configuration, what: 'a config' }
/** Fetched weights are kept in memory, and Node 20 has no longer array. */
const WEIGHTS: FetchedKind = { limit: 2 ** 32, what: 'a file of weights', check: checkFormat }

/** The kinds of things that can be at a path or URL. */
export type Kind = 'file' | 'directory'

/**
 * The kind of thing at a URL. A server cannot be asked, so a URL with the extension of a weights file is a file, and
 * any other a directory.
 */
export const kindOfUrl = (url: string): Kind =>
  /^(data|blob):/i.test(url) || /\.(safetensors|pth?|th|bin)([?#]|$)/.test(url) ? 'file' : 'directory'

/** Fetches a config with {@link fetchIfThere}. */
export const fetchConfig = (url: string, options?: DownloadOptions): Promise<Uint8Array | undefined> =>
  fetchIfThere(url, CONFIG, options)

/** Fetches weights with {@link fetchIfThere}. */
export const fetchWeights = (url: string, options?: DownloadOptions): Promise<Uint8Array | undefined> =>
  fetchIfThere(url, WEIGHTS, options)

/**
 * Fetches the bytes at a URL; `undefined` if the server answers with 404 or 410.
 * @throws ModelError for any other error, and if the download fails; the signal's reason when it is aborted.
 */
async function fetchIfThere(
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
