import { shown } from './shown.ts'

/** Where a value comes from, and which error refuses it. */
export interface Place {
  /** The beginning of messages: the name of a function, a recipe or a file. */
  readonly source: string
  /** The keys that lead from the source to the value, such as `optimizer.momentum`; empty for the whole value. */
  readonly path: string
  /** The class of the error. */
  readonly error: new (
    message: string,
  ) => Error
}

/**
 * Checks a value of unknown type and returns it with its type.
 * @throws the error of the place, which names the place, the value and what was wanted.
 */
export type Check<Out> = (value: unknown, place: Place) => Out

/** The facts about an option in addition to its check. */
interface Facts {
  /** A description of the valid values, such as 'a number from 0 to 1'. */
  readonly wanted: string
  /**
   * How to parse a command-line text: default as it is; an option means a list of entries, each parsed by that option.
   */
  readonly text?: 'number' | 'whole' | 'boolean' | Option<unknown, unknown> | ((text: string) => unknown)
  /** The valid values, if they can be listed. */
  readonly choices?: readonly string[]
  readonly default?: unknown
  readonly help?: string
}

/**
 * One option: its type, check, default and help. `Out` is the type of the checked value, `In` the type that a caller
 * may pass, which includes undefined if the option may be omitted.
 */
export class Option<Out, In = Out> {
  /** Exists only in the type. */
  declare readonly given: In
  readonly read: Check<Out>
  readonly facts: Facts

  constructor(read: Check<Out>, facts: Facts) {
    this.read = read
    this.facts = facts
  }

  /** The same option with a default value. */
  default(value: Out): Option<Out, In | undefined> {
    return new Option((given, place) => (given === undefined ? value : this.read(given, place)), {
      ...this.facts,
      default: value,
    })
  }

  /** The same option without a default, which may be omitted. */
  optional(): Option<Out | undefined, In | undefined> {
    const { default: _, ...facts } = this.facts
    return new Option((given, place) => (given === undefined ? given : this.read(given, place)), facts)
  }

  /** The same option with a help text: a few words without a full stop. */
  help(help: string): Option<Out, In> {
    return new Option(this.read, { ...this.facts, help })
  }
}

/** The type of an option's checked value. */
export type Output<O> = O extends Option<infer Out, infer _> ? Out : never
/** The type of the values that an option accepts. */
export type Input<O> = O extends Option<infer _, infer In> ? Exclude<In, undefined> : never

/**
 * Refuses a value.
 * @throws the error of the place.
 */
export function refuse({ source, path, error }: Place, value: unknown, wanted: string): never {
  const got = value === undefined ? 'nothing' : shown(value)
  throw new error(`${source}: got ${path && `${path} `}${got}, wanted ${wanted}`)
}
