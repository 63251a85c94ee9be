import { Option, refuse } from './option.ts'

/** Any value that passes a test. */
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

/** A number from `least` to `most`. */
export const number = (least: number, most = Number.POSITIVE_INFINITY): Option<number> =>
  value(`a number ${range(least, most)}`, given => within(given, least, most), {
    // A text is finite, whatever the range.
    fromText: text => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text),
  })

/** A whole number from `least` to `most`, of what `unit` says. */
export const whole = (least: number, most = Number.POSITIVE_INFINITY, unit = ''): Option<number> =>
  value(
    `a whole number ${unit && `of ${unit} `}${range(least, most)}`,
    given => Number.isInteger(given) && within(given, least, most),
    { fromText: text => (/^-?\d+$/.test(text) ? Number(text) : text) },
  )

export const boolean: Option<boolean> = value('true or false', given => typeof given === 'boolean', {
  choices: ['true', 'false'],
  fromText: text => (text === 'true' ? true : text === 'false' ? false : text),
})

export const text: Option<string> = value('a string', given => typeof given === 'string')

/** One of some strings. */
export const oneOf = <const T extends string>(...choices: readonly T[]): Option<T> =>
  value(
    choices.map(choice => JSON.stringify(choice)).join(' or '),
    given => (choices as readonly unknown[]).includes(given),
    {
      choices,
    },
  )

/** An object of a class, or one that has these methods and properties. */
export const object = <T>(wanted: string, ...has: readonly string[]): Option<T> =>
  value(wanted, given => typeof given === 'object' && given !== null && has.every(key => key in given))

/** A list, of `length` entries where that is given; on the command line they are parted by commas. */
export const list = <Out, In>(entry: Option<Out, In>, length?: number): Option<readonly Out[], readonly In[]> => {
  const wanted = `a list${length === undefined ? '' : ` of ${length}`}`
  const { fromText = (text: string) => text } = entry.facts
  return new Option(
    (given, place) => {
      if (!Array.isArray(given) || (length !== undefined && given.length !== length)) {
        return refuse(place, given, wanted)
      }
      return given.map((each, i) => entry.read(each, { ...place, path: `${place.path}[${i}]` }))
    },
    { wanted, fromText: text => text.split(',').map(fromText) },
  )
}

/** The same list, whose numbers rise. */
export const rising = (numbers: Option<readonly number[]>): Option<readonly number[]> =>
  new Option((given, place) => {
    const entries = numbers.read(given, place)
    const rises = entries.every((entry, i) => i === 0 || entry > entries[i - 1])
    return rises ? entries : refuse(place, given, 'a list of rising numbers')
  }, numbers.facts)
