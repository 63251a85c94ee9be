import { FormatError } from '@residual/core'
import { isObject } from '@residual/core/schema'

/** A JSON object with unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>

/**
 * Parses the content of a file that holds one JSON object.
 * @throws FormatError for anything else; the message names the file.
 */
export function parseJsonObject(content: Uint8Array | string, file: string): JsonObject {
  const text = typeof content === 'string' ? content : new TextDecoder().decode(content)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const what = /^\s*</.test(text) ? 'a web page, not JSON; the download may need another address' : 'not JSON'
    throw new FormatError(`${file} is ${what}`)
  }
  if (!isObject(value)) throw new FormatError(`${file} holds no JSON object`)
  return value
}
