import { FormatError } from '@residual/core'

/** A JSON object of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>

/**
 * Reads a file that holds one JSON object.
 * @throws FormatError for anything else, naming the file.
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

/** Characters of a value that messages show. */
const SHOWN = 40

/** The beginning of a value as JSON, for messages. The value may nest to any depth, or hold itself. */
export const shown = (value: unknown): string => beginningOf(value, SHOWN).slice(0, SHOWN)

/** The JSON of a value, or at least its first `room` characters: each level takes one of them, so that it ends. */
function beginningOf(value: unknown, room: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, room))
  if (typeof value === 'number') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return String(value)
  const isList = Array.isArray(value)
  const keys = isList ? value.slice(0, room).keys() : Object.keys(value)
  let text = isList ? '[' : '{'
  for (const key of keys) {
    if (text.length >= room) return text
    if (text.length > 1) text += ','
    if (!isList) text += `${beginningOf(key, room)}:`
    text += beginningOf((value as JsonObject)[key], room - text.length)
  }
  return text + (isList ? ']' : '}')
}
