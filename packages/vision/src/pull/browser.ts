import type { Archive, PulledName } from './archives.ts'
import { PullError } from './errors.ts'
import type { Pulled, PullOptions } from './types.ts'

const noCache = () => new PullError('there is no cache folder here; give the data as a URL or Blob')

/** @throws PullError: a page has no folder to keep files in. */
export async function cacheDirectory(): Promise<string> {
  throw noCache()
}

/** @throws PullError */
export async function pull(_what: PulledName | Archive, _options?: PullOptions): Promise<Pulled> {
  throw noCache()
}

/** @throws PullError */
export async function pulledPath(_name: PulledName, _directory?: string): Promise<string | undefined> {
  throw noCache()
}
