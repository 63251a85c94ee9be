import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { checkKeys, type Keys } from '../options.ts'
import { type Archive, archives, type PulledName } from './archives.ts'
import { cacheDirectory } from './cache.ts'
import { download } from './download.ts'
import { PullError } from './errors.ts'
import { Part, sha256Of } from './part.ts'
import type { Pulled, PullOptions } from './types.ts'

export { cacheDirectory }

const KEYS: Keys<PullOptions> = {
  ...{ mirror: true, force: true, directory: true, signal: true, onProgress: true, onRetry: true },
  ...{ stallSeconds: true, retries: true, retrySeconds: true },
}

/**
 * Downloads a data set, or any file that is identified by its content, into the cache, and checks its SHA-256. It
 * continues from the end of an earlier try, and survives stalls and broken connections. The file appears whole or not
 * at all, however many processes pull it at the same time.
 *
 * @throws PullError if the file cannot be downloaded, is another file or cannot be written; the signal's reason after
 *   an abort. The next call then continues.
 */
export async function pull(what: PulledName | Archive, options: PullOptions = {}): Promise<Pulled> {
  checkKeys('pull', options, KEYS)
  const archive = typeof what === 'string' ? archives[what] : what
  const url = options.mirror === undefined ? archive.url : mirrorUrl(options.mirror, archive.file)
  const path = await placeOf(archive, options.directory)
  if (!options.force && (await sizeOf(path)) === archive.bytes && (await sha256Of(path)) === archive.sha256) {
    await Part.clean(path)
    return { path, wasThere: true }
  }
  try {
    await mkdir(path.slice(0, -archive.file.length), { recursive: true })
    const part = await Part.claim(path)
    if (options.force) await part.restart()
    try {
      await load({ ...archive, url }, part, options)
      await part.finish()
    } catch (error) {
      await part.release()
      throw error
    }
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw new PullError(`cannot write ${path}: ${error.message.replace(/^E[A-Z0-9]+: /, '')}`, { cause: error })
  }
  return { path, wasThere: false }
}

/** The path of a pulled data set; undefined if it has not been pulled. */
export async function pulledPath(name: PulledName, directory?: string): Promise<string | undefined> {
  const path = await placeOf(archives[name], directory)
  return (await sizeOf(path)) === archives[name].bytes ? path : undefined
}

/**
 * Downloads a part to its end and checks it. Pieces from several tries may belong to different versions of the file,
 * and even a file from a single try may be damaged. In either case the file is downloaded a second time.
 */
async function load(archive: Archive, part: Part, options: PullOptions): Promise<void> {
  const meter = new Meter(archive.bytes, options.onProgress)
  for (const isLast of [false, true]) {
    await download(archive, part, { ...options, onBytes: bytes => meter.update(bytes) })
    meter.report()
    const sha256 = await part.sha256()
    if (sha256 === archive.sha256) return
    await part.restart()
    if (isLast) {
      const wanted = `wanted ${archive.sha256}; it is damaged or another file: try a --mirror`
      throw new PullError(`${archive.url}: the file has SHA-256 ${sha256}, ${wanted}`)
    }
    options.onRetry?.('the file is damaged and is downloaded again from the start', 0)
  }
}

async function placeOf({ file }: Archive, directory: string | undefined): Promise<string> {
  return join(directory ?? join(await cacheDirectory(), 'data'), file)
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size
}

function mirrorUrl(mirror: string, file: string): string {
  const url = URL.canParse(mirror) ? new URL(mirror) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new PullError(`got ${JSON.stringify(mirror)} as --mirror, wanted an http or https URL`)
  }
  if (!/\.(tar\.gz|tgz)$/.test(url.pathname)) url.pathname = `${url.pathname.replace(/\/+$/, '')}/${file}`
  return url.href
}

/** Reports the progress of a download, at most ten times a second. */
class Meter {
  readonly #total: number
  readonly #onProgress: PullOptions['onProgress']
  /** The number of bytes at some times within the last seconds. */
  readonly #marks: { readonly time: number; readonly bytes: number }[] = []
  #lastReport = Number.NEGATIVE_INFINITY
  #bytes = 0

  constructor(total: number, onProgress: PullOptions['onProgress']) {
    this.#total = total
    this.#onProgress = onProgress
  }

  update(bytes: number): void {
    const time = performance.now()
    // The download has restarted, so earlier marks say nothing about its rate.
    if (bytes < this.#bytes) this.#marks.length = 0
    this.#bytes = bytes
    if (time - this.#lastReport < 100) return
    this.#lastReport = time
    this.#marks.push({ time, bytes })
    while (time - this.#marks[0].time > 5000) this.#marks.shift()
    this.report()
  }

  report(): void {
    const [first] = this.#marks
    const seconds = first ? (performance.now() - first.time) / 1000 : 0
    const bytesPerSecond = seconds > 0 ? (this.#bytes - first.bytes) / seconds : 0
    const secondsLeft = (this.#total - this.#bytes) / bytesPerSecond
    this.#onProgress?.({ bytes: this.#bytes, total: this.#total, bytesPerSecond, secondsLeft: secondsLeft || 0 })
  }
}
