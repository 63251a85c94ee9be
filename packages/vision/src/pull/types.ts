import type { Patience } from './download.ts'

/** The progress of a download. */
export interface PullProgress {
  /** Bytes so far, including those of earlier tries. */
  readonly bytes: number
  /** Size of the whole file in bytes. */
  readonly total: number
  /** The rate over the last few seconds. */
  readonly bytesPerSecond: number
  /** The time left at this rate; Infinity if nothing has arrived yet. */
  readonly secondsLeft: number
}

export interface PullOptions extends Patience {
  /** Another place to download from: the http or https URL of the file, or of a folder that contains it. */
  readonly mirror?: string
  /** Downloads the file again even if it is already in the folder. */
  readonly force?: boolean
  /** The folder for the file; default `data` in {@link cacheDirectory}. */
  readonly directory?: string
  readonly signal?: AbortSignal
  /** Called up to ten times a second. */
  readonly onProgress?: (progress: PullProgress) => void
  /** Called after a failed try, before the wait for the next one. */
  readonly onRetry?: (reason: string, seconds: number) => void
}

/** The result of {@link pull}. */
export interface Pulled {
  /** Path of the file. */
  readonly path: string
  /** Whether the file was already there. */
  readonly wasThere: boolean
}
