/** More than any camera writes; a larger file is refused before it is read into memory. */
export const MAX_FILE_BYTES = 2 ** 30

/** What is downloaded as an image, and how much it may be. */
export const IMAGE = { limit: MAX_FILE_BYTES, what: 'an image file' }

/** As much as an archive may unpack to. */
export const DATA_SET = { limit: 2 ** 30, what: 'a data set' }
