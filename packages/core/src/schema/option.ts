import { shown } from './shown.ts'

/** Where a value stands, and how it is refused. */
export interface Place {
  /** What messages begin with: a function, a recipe, a file. */
  readonly source: string
  /** The keys that lead from there to the value, such as `optimizer.momentum`; empty for the whole. */
  readonly path: string
  /** The class of the error. */
  readonly error: new (
    message: string,
  ) => Error
}

/** Reads a value of unknown type. @throws the error of the place, which names the place, the value and what was wanted. */
export type Check<Out> = (value: unknown, place: Place) => Out

/** What is known of an option besides how to check it. */
interface Facts {
  /** What a value has to be, as in 'a number from 0 to 1'. */
  readonly wanted: string
  /** How a text on the command line is read; as itself unless stated, as a list of some entries where it is their option. */
  readonly text?: 'number' | 'whole' | 'boolean' | Option<unknown, unknown> | ((text: string) => unknown)
  /** The values there are, where they can be listed. */
  readonly choices?: readonly string[]
  readonly default?: unknown
  readonly help?: string
}

/**
 * One option: its type, its check, its default and its help. `Out` is what reading it gives, `In` what may be written,
 * with undefined where it may be left out.
 */
export class Option<Out, In = Out> {
  /** Exists for the type alone. */
  declare readonly given: In
  readonly read: Check<Out>
  readonly facts: Facts

  constructor(read: Check<Out>, facts: Facts) {
    this.read = read
    this.facts = facts
  }

  /** The same, with this value where nothing is given. */
  default(value: Out): Option<Out, In | undefined> {
    return new Option((given, place) => (given === undefined ? value : this.read(given, place)), {
      ...this.facts,
      default: value,
    })
  }

  /** The same, which may be left out. */
  optional(): Option<Out | undefined, In | undefined> {
    return new Option((given, place) => (given === undefined ? given : this.read(given, place)), this.facts)
  }

  /** The same, with what it is for, in a few words without a full stop. */
  help(help: string): Option<Out, In> {
    return new Option(this.read, { ...this.facts, help })
  }
}

/** The value that reading an option returns. */
export type Output<O> = O extends Option<infer Out, infer _> ? Out : never
/** The values that an option accepts. */
export type Input<O> = O extends Option<infer _, infer In> ? Exclude<In, undefined> : never

/** @throws the error of the place. */
export function refuse({ source, path, error }: Place, value: unknown, wanted: string): never {
  const got = value === undefined ? 'nothing' : shown(value)
  throw new error(`${source}: got ${path && `${path} `}${got}, wanted ${wanted}`)
}
