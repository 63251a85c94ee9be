/** The largest image file, in bytes: more than any camera writes. Larger files are refused before they are read. */
export const MAX_FILE_BYTES = 2 ** 30

/** The limit for an image, and its name in messages. */
export const IMAGE = { limit: MAX_FILE_BYTES, what: 'an image file' }

/** The limit for a data set, which is also the limit for an unpacked archive, and its name in messages. */
export const DATA_SET = { limit: 2 ** 30, what: 'a data set' }
