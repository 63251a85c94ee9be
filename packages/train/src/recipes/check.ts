import { shown } from '@residual/resnet/files'
import { RecipeError } from '../errors.ts'

/** Where a value stands: the file or recipe, and the path of keys to it. */
interface Place {
  readonly source: string
  readonly path: string
}

/** Reads a value of unknown type, or throws a RecipeError that names its place. */
export type Check<T> = (value: unknown, place: Place) => T

/** @throws RecipeError always. */
function refuse({ source, path }: Place, value: unknown, wanted: string): never {
  const got = value === undefined ? 'nothing' : shown(value)
  throw new RecipeError(`${source}: got ${path === '' ? '' : `${path} `}${got}, wanted ${wanted}`)
}

/** A number from `least` to `most`. */
export function number(least: number, most: number): Check<number> {
  const range = most === Number.POSITIVE_INFINITY ? `of at least ${least}` : `from ${least} to ${most}`
  return (value, place) => {
    if (typeof value === 'number' && value >= least && value <= most) return value
    return refuse(place, value, `a number ${range}`)
  }
}

/** A whole number from `least` to `most`. */
export const whole =
  (least: number, most: number): Check<number> =>
  (value, place) => {
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number
    return refuse(place, value, `a whole number from ${least} to ${most}`)
  }

export const boolean: Check<boolean> = (value, place) =>
  typeof value === 'boolean' ? value : refuse(place, value, 'true or false')

export const text: Check<string> = (value, place) =>
  typeof value === 'string' ? value : refuse(place, value, 'a string')

/** A list, of `length` entries if that is given. */
export const list =
  <T>(check: Check<T>, length?: number): Check<readonly T[]> =>
  (value, place) => {
    if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
      return refuse(place, value, `a list${length === undefined ? '' : ` of ${length}`}`)
    }
    return value.map((entry, i) => check(entry, { ...place, path: `${place.path}[${i}]` }))
  }

/** One of some strings. */
export const oneOf =
  <T extends string>(...options: readonly T[]): Check<T> =>
  (value, place) =>
    options.find(option => option === value) ??
    refuse(place, value, options.map(option => JSON.stringify(option)).join(' or '))

/** Rising numbers, each of which passes `check`. */
export const rising =
  (check: Check<number>): Check<readonly number[]> =>
  (value, place) => {
    const entries = list(check)(value, place)
    const rises = entries.every((entry, i) => i === 0 || entry > entries[i - 1])
    return rises ? entries : refuse(place, value, 'a list of rising numbers')
  }

/** `undefined` where there is nothing. */
export const optional =
  <T>(check: Check<T>): Check<T | undefined> =>
  (value, place) =>
    value === undefined ? undefined : check(value, place)

/** `fallback` where there is nothing. */
export const or =
  <T>(fallback: T, check: Check<T>): Check<T> =>
  (value, place) =>
    value === undefined ? fallback : check(value, place)

/** An object of these keys and no others; where it is missing, one of which every key is. */
export const record =
  <T>(fields: { readonly [Key in keyof T]-?: Check<T[Key]> }): Check<T> =>
  (value = {}, place) => {
    if (!isObject(value)) return refuse(place, value, 'an object')
    const known = Object.keys(fields) as (keyof T & string)[]
    const at = (key: string) => (place.path === '' ? key : `${place.path}.${key}`)
    const unknown = Object.keys(value).find(key => !known.includes(key as keyof T & string))
    if (unknown !== undefined) {
      const shown = JSON.stringify(at(unknown).slice(0, 60))
      throw new RecipeError(`${place.source}: got the unknown key ${shown}, wanted some of ${known.join(', ')}`)
    }
    const read = known.map(key => [
      key,
      fields[key](Object.hasOwn(value, key) ? value[key] : undefined, { ...place, path: at(key) }),
    ])
    return Object.fromEntries(read.filter(([, entry]) => entry !== undefined)) as T
  }

/** An object whose `kind` says which check is for it; the first kind where it is not said. */
export const byKind =
  <T extends { readonly kind: string }>(
    kinds: {
      readonly [Kind in T['kind']]: Check<Extract<T, { kind: Kind }>>
    },
  ): Check<T> =>
  (value = {}, place) => {
    if (!isObject(value)) return refuse(place, value, 'an object')
    const names = Object.keys(kinds) as T['kind'][]
    const kind = or(names[0], oneOf(...names))(value.kind, { ...place, path: `${place.path}.kind` })
    return kinds[kind]({ ...value, kind }, place)
  }

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
