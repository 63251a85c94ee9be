import type { Patience } from './download.ts'

/** How far a download is. */
export interface PullProgress {
  /** Bytes that there are, those of earlier tries among them. */
  readonly bytes: number
  /** Bytes of the whole file. */
  readonly total: number
  /** Over the last seconds. */
  readonly bytesPerSecond: number
  /** At this rate; Infinity where nothing came yet. */
  readonly secondsLeft: number
}

export interface PullOptions extends Patience {
  /** Where to load from instead: the http or https URL of the file, or of a folder that has it. */
  readonly mirror?: string
  /** Loads again what is there already. */
  readonly force?: boolean
  /** The folder to put it in, default `data` in {@link cacheDirectory}. */
  readonly directory?: string
  readonly signal?: AbortSignal
  /** Called up to ten times a second. */
  readonly onProgress?: (progress: PullProgress) => void
  /** Called when a try failed, before the wait for the next one. */
  readonly onRetry?: (reason: string, seconds: number) => void
}

/** What {@link pull} gives. */
export interface Pulled {
  /** Path of the file. */
  readonly path: string
  /** Whether it was there already. */
  readonly wasThere: boolean
}
