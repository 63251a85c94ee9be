import { boolean, list, type Option, type Output, text } from '@residual/core/schema'

/** An option or argument of a command: its type, default, check and help, and how it is written. */
export interface CommandOption<Out> {
  // biome-ignore lint/suspicious/noExplicitAny: the command line passes texts, whatever type a library takes
  readonly reads: Option<Out, any>
  /** Names the value in help, as in `--limit <n>`; a flag has none. */
  readonly value?: string
  /** One letter, as in `-o`. */
  readonly short?: string
  /** A flag that turns off what is on by default: `--no-batch-norm` for the key `batchNorm`. */
  readonly isNegated?: true
  /** An argument that takes all remaining words. */
  readonly takesRest?: true
}

/** Options by the names of their values: `maxPixels` is `--max-pixels`. */
export type CommandOptions = Readonly<Record<string, CommandOption<unknown>>>

/** The values of a command's options. */
export type Values<O extends CommandOptions> = { readonly [Key in keyof O]: Output<O[Key]['reads']> }

/** `--key <value>`, or an argument that is named by its key. */
export const option = <Out>(value: string, reads: Option<Out, unknown>): CommandOption<Out> => ({ value, reads })

/** `--key`, without a value. */
export const flag = (help: string): CommandOption<boolean | undefined> => ({ reads: boolean.optional().help(help) })

/** `--no-key`: true unless it is given. */
export const switchOff = (help: string): CommandOption<boolean> => ({
  ...{ reads: boolean.default(true).help(help), isNegated: true },
})

/** An argument that takes all remaining words, at least one. */
export const rest = (help: string): CommandOption<readonly string[]> => ({
  reads: list(text).help(help),
  takesRest: true,
})

/** `--json`, which every command has. */
export const json = (what = ''): CommandOption<boolean | undefined> => flag(`print one JSON object${what}`)

/** `--max-pixels` for `maxPixels`. */
export const flagOf = (key: string, { isNegated }: CommandOption<unknown>): string =>
  `--${isNegated ? 'no-' : ''}${kebabCase(key)}`

/** `one-cycle` for `oneCycle`. */
export const kebabCase = (name: string): string => name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
