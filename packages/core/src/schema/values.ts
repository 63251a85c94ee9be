import { Option, refuse } from './option.ts'

/** Any value for which `isRight` returns true; `wanted` describes the valid values in messages. */
export const value = <T>(
  wanted: string,
  isRight: (value: unknown) => boolean,
  facts: Partial<Option<T>['facts']> = {},
): Option<T> =>
  new Option((given, place) => (isRight(given) ? (given as T) : refuse(place, given, wanted)), { ...facts, wanted })

const range = (least: number, most: number) =>
  most === Number.POSITIVE_INFINITY ? `of at least ${least}` : `from ${least} to ${most}`

const within = (given: unknown, least: number, most: number) =>
  typeof given === 'number' && given >= least && given <= most

/** A number from `least` to `most` (no limit by default). */
export const number = (least: number, most = Number.POSITIVE_INFINITY): Option<number> =>
  value(`a number ${range(least, most)}`, given => within(given, least, most), { text: 'number' })

/** A whole number from `least` to `most` (no limit by default); messages name the `unit`, such as 'bytes'. */
export const whole = (least: number, most = Number.POSITIVE_INFINITY, unit = ''): Option<number> =>
  value(
    `a whole number ${unit && `of ${unit} `}${range(least, most)}`,
    given => Number.isInteger(given) && within(given, least, most),
    { text: 'whole' },
  )

/** A number above 0 and at most `most`. */
export const above0 = (most = Number.MAX_VALUE): Option<number> =>
  value(
    `a number above 0${most < Number.MAX_VALUE ? ` and at most ${most}` : ''}`,
    given => within(given, Number.MIN_VALUE, most),
    { text: 'number' },
  )

/** Any number except NaN and the infinities. */
export const finite: Option<number> = /* @__PURE__ */ value('a number', Number.isFinite, { text: 'number' })

export const boolean: Option<boolean> = /* @__PURE__ */ value('true or false', given => typeof given === 'boolean', {
  text: 'boolean',
})

export const text: Option<string> = /* @__PURE__ */ value('a string', given => typeof given === 'string')

/** One of some strings. */
export const oneOf = <const T extends string>(...choices: readonly T[]): Option<T> =>
  value(
    choices.map(choice => JSON.stringify(choice)).join(' or '),
    given => (choices as readonly unknown[]).includes(given),
    {
      choices,
    },
  )

/** A function. */
export const callback = <T>(): Option<T> => value('a function', given => typeof given === 'function')

/** An object that has these methods and properties. */
export const object = <T>(wanted: string, ...has: readonly string[]): Option<T> =>
  value(wanted, given => typeof given === 'object' && given !== null && has.every(key => key in given))

/** A list, or a tuple where its length is known. */
type ListOf<T, Length> = Length extends 2 ? readonly [T, T] : Length extends 3 ? readonly [T, T, T] : readonly T[]

/** A list of entries, of exactly `length` if that is given; the command line separates them with commas. */
export const list = <Out, In, const Length extends number = number>(
  entry: Option<Out, In>,
  length?: Length,
): Option<ListOf<Out, Length>, ListOf<In, Length>> => {
  const wanted = `a list${length === undefined ? '' : ` of ${length}`}`
  return new Option(
    (given, place) => {
      if (!Array.isArray(given) || given.length !== (length ?? given.length)) return refuse(place, given, wanted)
      const read = given.map((each, i) => entry.read(each, { ...place, path: `${place.path}[${i}]` }))
      return read as readonly unknown[] as ListOf<Out, Length>
    },
    { wanted, text: entry },
  )
}

/** The same list, whose numbers must rise. */
export const rising = (numbers: Option<readonly number[]>): Option<readonly number[]> =>
  new Option((given, place) => {
    const entries = numbers.read(given, place)
    const rises = entries.every((entry, i) => i === 0 || entry > entries[i - 1])
    return rises ? entries : refuse(place, given, 'a list of rising numbers')
  }, numbers.facts)
