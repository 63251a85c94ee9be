import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Archive, archives, type PulledName } from './archives.ts'
import { cacheDirectory } from './cache.ts'
import { download } from './download.ts'
import { PullError } from './errors.ts'
import { Part, sha256Of } from './part.ts'
import type { Pulled, PullOptions } from './types.ts'

export { cacheDirectory }

/**
 * Downloads a data set, or any file that is known by its content, into the cache: from where an earlier try ended, over
 * stalls and broken connections, and compares its SHA-256. The file appears whole or not at all, however many processes
 * pull it at once.
 *
 * @throws PullError if it cannot be had, is another file or cannot be written; the signal's reason once aborted, after
 *   which the next call goes on.
 */
export async function pull(what: PulledName | Archive, options: PullOptions = {}): Promise<Pulled> {
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

/** Where a pulled data set is; undefined if it was not pulled. */
export async function pulledPath(name: PulledName, directory?: string): Promise<string | undefined> {
  const path = await placeOf(archives[name], directory)
  return (await sizeOf(path)) === archives[name].bytes ? path : undefined
}

/**
 * Loads a part to its end and compares it. What was put together from several tries may be of different versions of the
 * file, and what came at once may be damaged: either is loaded a second time.
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
    options.onRetry?.('the file is damaged and is loaded from its beginning', 0)
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

/** Tells the rate of a download, ten times a second at most. */
class Meter {
  readonly #total: number
  readonly #onProgress: PullOptions['onProgress']
  /** When how many bytes were there, over the last seconds. */
  readonly #marks: { readonly time: number; readonly bytes: number }[] = []
  #lastReport = Number.NEGATIVE_INFINITY
  #bytes = 0

  constructor(total: number, onProgress: PullOptions['onProgress']) {
    this.#total = total
    this.#onProgress = onProgress
  }

  update(bytes: number): void {
    const time = performance.now()
    // A download that began again tells nothing about the rate before.
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
