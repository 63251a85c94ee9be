import { DownloadError, type DownloadOptions, download, VisionError, type WholeFileRequest } from '@residual/vision'
import { ModelError } from '../errors.ts'
import { checkFormat } from '../weights/index.ts'
import { MAX_BYTES } from './types.ts'

/** What may be fetched, how large it may be and how it begins. */
type FetchedKind = Required<Pick<WholeFileRequest, 'limit' | 'what'>> & Pick<WholeFileRequest, 'check'>

const CONFIG: FetchedKind = { limit: MAX_BYTES.configuration, what: 'a config' }
/** They are kept in memory: Node 20 has no longer array. */
const WEIGHTS: FetchedKind = { limit: 2 ** 32, what: 'a file of weights', check: checkFormat }

/** What is at a path or URL. */
export type Kind = 'file' | 'directory'

/**
 * What is at a URL. It cannot be looked up: a name that ends like those of weights is a file, any other a directory.
 */
export const kindOfUrl = (url: string): Kind =>
  /^(data|blob):/i.test(url) || /\.(safetensors|pth?|th|bin)([?#]|$)/.test(url) ? 'file' : 'directory'

/** A config at a URL, as {@link fetchIfThere} gives it. */
export const fetchConfig = (url: string, options?: DownloadOptions): Promise<Uint8Array | undefined> =>
  fetchIfThere(url, CONFIG, options)

/** Weights at a URL, as {@link fetchIfThere} gives them. */
export const fetchWeights = (url: string, options?: DownloadOptions): Promise<Uint8Array | undefined> =>
  fetchIfThere(url, WEIGHTS, options)

/**
 * The bytes at a URL, or `undefined` if the server says by 404 or 410 that there is no such file.
 * @throws ModelError for every other answer, and if the file cannot be had; the signal's reason.
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
