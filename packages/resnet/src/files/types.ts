/** The kinds of files that are read, and the most bytes that one of each may have. */
export const MAX_BYTES = {
  configuration: 2 ** 24,
  recipe: 2 ** 24,
  log: 2 ** 30,
  checkpoint: 2 ** 34,
  'weights file': 2 ** 34,
} as const

export type FileKind = keyof typeof MAX_BYTES

/** A file, and what is to be in it. */
export type Content = readonly [path: string, bytes: Uint8Array]

export interface LockOptions {
  /** Makes the error for a lock that another has, who is named as in `process 12 on host "alpha"`. */
  readonly refuse: (owner: string) => Error
  /** Milliseconds to wait for another to release it, default 0. */
  readonly patience?: number
}

/** A lock that this process has. */
export interface Lock {
  /** Lets others take it. Called twice, it does nothing the second time. */
  release(): Promise<void>
}
