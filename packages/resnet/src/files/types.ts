/** The kinds of files that are read, with the largest size of each in bytes. */
export const MAX_BYTES = {
  configuration: 2 ** 24,
  recipe: 2 ** 24,
  log: 2 ** 30,
  checkpoint: 2 ** 34,
  'weights file': 2 ** 34,
} as const

export type FileKind = keyof typeof MAX_BYTES

/** The path of a file and its new content. */
export type Content = readonly [path: string, bytes: Uint8Array]

export interface LockOptions {
  /** Makes the error if another process holds the lock. `owner` names it, as in `process 12 on host "alpha"`. */
  readonly refuse: (owner: string) => Error
  /** Milliseconds to wait until the lock is released; default 0. */
  readonly patience?: number
}

/** A lock that this process holds. */
export interface Lock {
  /** Releases the lock. A second call does nothing. */
  release(): Promise<void>
}
