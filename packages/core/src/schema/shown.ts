/** Whether a value is an object with keys, neither null nor a list. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The number of characters of a value that messages show. */
const SHOWN = 40

/** The first 40 characters of a value as JSON, for messages. The value may nest to any depth, or contain itself. */
export const shown = (value: unknown): string => beginningOf(value, SHOWN).slice(0, SHOWN)

/** The JSON of a value, or at least its first `room` characters. Each level uses up one, so the recursion ends. */
function beginningOf(value: unknown, room: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, room))
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) return String(value)
  const isList = Array.isArray(value)
  const keys = isList ? value.slice(0, room).keys() : Object.keys(value)
  let text = isList ? '[' : '{'
  for (const key of keys) {
    if (text.length >= room) return text
    if (text.length > 1) text += ','
    if (!isList) text += `${beginningOf(key, room)}:`
    text += beginningOf((value as Readonly<Record<string, unknown>>)[key], room - text.length)
  }
  return text + (isList ? ']' : '}')
}
