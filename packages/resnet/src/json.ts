import { FormatError } from '@residual/core'

/** A JSON object of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>

/**
 * Reads a file that holds one JSON object.
 * @throws FormatError for anything else, naming the file.
 */
export function parseJsonObject(bytes: Uint8Array, file: string): JsonObject {
  const text = new TextDecoder().decode(bytes)
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

/** @throws FormatError where the key is there and holds no object. */
export function objectIn(config: JsonObject, key: string, file: string): JsonObject | undefined {
  const value = config[key]
  if (value === undefined || value === null) return undefined
  if (isObject(value)) return value
  throw new FormatError(`${file}: got ${key} ${shown(value)}, wanted an object`)
}

/** @throws FormatError where the key is there and holds no number. */
export function numberIn(config: JsonObject, key: string, file: string): number | undefined {
  const value = config[key]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number') return value
  throw new FormatError(`${file}: got ${key} ${shown(value)}, wanted a number`)
}

/** @throws FormatError where the key is there and holds no string. */
export function stringIn(config: JsonObject, key: string, file: string): string | undefined {
  const value = config[key]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  throw new FormatError(`${file}: got ${key} ${shown(value)}, wanted a string`)
}

/** @throws FormatError for a value that is there and is not three numbers. */
export function triple(value: unknown, key: string, file: string): [number, number, number] | undefined {
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value) && value.length === 3 && value.every(entry => typeof entry === 'number')) {
    return [value[0], value[1], value[2]]
  }
  throw new FormatError(`${file}: got ${key} ${shown(value)}, wanted three numbers`)
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const shown = (value: unknown): string => JSON.stringify(value).slice(0, 40)
