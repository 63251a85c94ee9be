/** The content of a folder without hidden entries; names are in the order of their characters. */
export interface Listing {
  /** Path of the folder, without a slash at the end. */
  readonly path: string
  readonly folders: readonly string[]
  /** Links to folders. */
  readonly links: readonly string[]
  /** Everything else. */
  readonly files: readonly string[]
}
