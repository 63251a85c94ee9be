/** What a folder holds, without what is hidden; names in the order of their characters. */
export interface Listing {
  /** Path of the folder, without a slash at the end. */
  readonly path: string
  readonly folders: readonly string[]
  /** Links to folders. */
  readonly links: readonly string[]
  /** All else. */
  readonly files: readonly string[]
}
