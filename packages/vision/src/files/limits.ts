/** More than any camera writes; a larger file is refused before it is read into memory. */
export const MAX_FILE_BYTES = 2 ** 30
