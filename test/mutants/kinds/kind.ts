import type { Below } from '../bytes.ts'

/** One of the kinds of files that strangers make. */
export interface Kind {
  readonly name: string
  /** A damaged copy that its reader takes for whole at first, as its checksums and lengths are right. */
  change?(file: Uint8Array, below: Below, other: Uint8Array): Uint8Array
  /**
   * Opens a file by the public API and, where it opens, uses it.
   * @param scratch a folder for what has to be a file
   */
  use(file: Uint8Array, below: Below, scratch: string): Promise<void>
}
