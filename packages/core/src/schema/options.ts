import { ResidualError } from '../errors.ts'
import { type Input, Option, type Output, type Place, refuse } from './option.ts'
import { isObject } from './shown.ts'
import { oneOf } from './values.ts'

/** Options by their keys. */
// biome-ignore lint/suspicious/noExplicitAny: of any type
export type Fields = Readonly<Record<string, Option<any, any>>>

/**
 * The options of an interface: `options({ ... } satisfies Declared<T>)` has exactly the keys of `T`, with their types.
 */
export type Declared<T> = { readonly [Key in keyof T]-?: Option<T[Key], T[Key] | undefined> }

type Flat<T> = { [Key in keyof T]: T[Key] }
type Left<F, Where extends 'given' | 'read'> = {
  [Key in keyof F]: undefined extends (Where extends 'given' ? GivenOf<F[Key]> : Output<F[Key]>) ? Key : never
}[keyof F]
type GivenOf<O> = O extends Option<infer _, infer In> ? In : never

/** The type of the checked values of some options. */
export type Read<F> = Flat<
  { readonly [Key in Exclude<keyof F, Left<F, 'read'>>]: Output<F[Key]> } & {
    readonly [Key in Left<F, 'read'>]?: Output<F[Key]>
  }
>
/** The type of the values that some options accept. */
export type Given<F> = Flat<
  { readonly [Key in Exclude<keyof F, Left<F, 'given'>>]: Input<F[Key]> } & {
    readonly [Key in Left<F, 'given'>]?: Input<F[Key]>
  }
>

/** An object of options. */
export class Options<F extends Fields> extends Option<Read<F>, Given<F> | undefined> {
  readonly fields: F

  constructor(fields: F, isStrict: boolean) {
    super(
      (given = {}, place) => {
        if (!isObject(given)) return refuse(place, given, 'an object')
        if (isStrict) refuseUnknown(given, Object.keys(fields), place)
        const entries = Object.keys(fields).map(key => {
          const value = Object.hasOwn(given, key) ? given[key] : undefined
          return [key, fields[key].read(isStrict ? value : (value ?? undefined), { ...place, path: at(place, key) })]
        })
        return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined)) as Read<F>
      },
      { wanted: 'an object' },
    )
    this.fields = fields
  }
}

const at = ({ path }: Place, key: string): string => (path === '' ? key : `${path}.${key}`)

function refuseUnknown(given: object, known: readonly string[], place: Place): void {
  const unknown = Object.keys(given).find(key => !known.includes(key))
  if (unknown === undefined) return
  const shown = JSON.stringify(at(place, unknown).slice(0, 60))
  throw new place.error(
    `${place.source}: got the unknown key ${shown}, wanted ${known.length > 0 ? `some of ${known.join(', ')}` : 'no options'}`,
  )
}

/** An object with these keys and no others. A missing object counts as an empty one. */
export const options = <F extends Fields>(fields: F): Options<F> => new Options(fields, true)

/** An object from a file whose format others define: other keys are ignored, and null counts as missing. */
export const someOf = <F extends Fields>(fields: F): Options<F> => new Options(fields, false)

/** Alternatives by name, each with its own options. */
export type Kinds = Readonly<Record<string, { readonly options: Options<Fields> }>>

type KindOf<K extends Kinds, Value extends 'read' | 'given'> = {
  [Kind in keyof K & string]: K[Kind]['options'] extends Options<infer F>
    ? Value extends 'read'
      ? Flat<{ readonly kind: Kind } & Read<F>>
      : Flat<{ readonly kind?: Kind } & Given<F>>
    : never
}[keyof K & string]

/** An object whose `kind` names one of the alternatives (default the first), with the options of that one. */
export function byKind<K extends Kinds>(kinds: K): Option<KindOf<K, 'read'>, KindOf<K, 'given'> | undefined> {
  const names = Object.keys(kinds)
  const kindOf = oneOf(...names).default(names[0])
  const all = Object.fromEntries(
    names.map(name => [name, options({ kind: oneOf(name), ...kinds[name].options.fields })]),
  )
  return new Option(
    (given = {}, place) => {
      if (!isObject(given)) return refuse(place, given, 'an object')
      const kind = kindOf.read(given.kind, { ...place, path: at(place, 'kind') })
      return all[kind].read({ ...given, kind }, place) as KindOf<K, 'read'>
    },
    { wanted: 'an object', choices: names },
  )
}

/**
 * Checks the options that a function was called with, and fills in the defaults.
 * @param where the name of the function, with which messages begin
 * @throws ResidualError, or `error`, for an unknown key or an invalid value.
 */
export function checkOptions<Out>(
  where: string,
  given: unknown,
  declared: Option<Out, unknown>,
  error: Place['error'] = ResidualError,
): Out {
  return declared.read(given, { source: where, path: '', error })
}
