import type { Below } from '../bytes.ts'

/** A kind of untrusted file. */
export interface Kind {
  readonly name: string
  /** Makes a damaged copy that its reader accepts at first, because its checksums and lengths are right. */
  change?(file: Uint8Array, below: Below, other: Uint8Array): Uint8Array
  /**
   * Opens a file with the public API and, if it opens, uses it.
   * @param scratch a folder for data that must be in a file
   */
  use(file: Uint8Array, below: Below, scratch: string): Promise<void>
}
