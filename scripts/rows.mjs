const isObject = value => typeof value === 'object' && value !== null
const isList = value => Array.isArray(value) && value.some(isObject)
const hasLists = value => isObject(value) && Object.values(value).some(inner => isList(inner) || hasLists(inner))

/** JSON with one line per object in a list of objects, so that a changed result is a changed line. */
export function inRows(value) {
  if (isList(value)) return `[\n${value.map(inRows).join(',\n')}\n]`
  if (!hasLists(value)) return JSON.stringify(value)
  return `{${Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${inRows(inner)}`)}}`
}
