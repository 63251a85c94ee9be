import type { CommandOptions, Values } from './option.ts'

/** Headings under which help lists the commands, in this order. */
export const GROUPS = ['Images', 'Training', 'Experiments', 'Networks'] as const

/** Everything about a command: what it takes, its help, and what it does. Its file exports it as default. */
export interface Command<A extends CommandOptions, O extends CommandOptions> {
  /** Also the name of its file. */
  readonly name: string
  readonly group: (typeof GROUPS)[number]
  /** One line for the list of commands. */
  readonly summary: string
  /** In order; help calls them by their keys. */
  readonly arguments?: A
  readonly options: O
  /** Shown in help before the examples. */
  readonly note?: string
  /** Example calls, without the word `residual`. */
  readonly examples: readonly string[]
  run(given: Values<A & O>): Promise<void>
}

export type AnyCommand = Command<CommandOptions, CommandOptions>

/** Declares a command. The types of the values that `run` gets follow from its options and arguments. */
export const command = <O extends CommandOptions, A extends CommandOptions = Record<never, never>>(
  declared: Command<A, O>,
) => declared
