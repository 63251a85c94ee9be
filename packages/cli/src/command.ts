import type { CommandOptions, Values } from './option.ts'

/** Headings under which help lists the commands, in this order. */
export const GROUPS = ['Images', 'Training', 'Experiments', 'Networks'] as const

/** A command, declared whole: nothing else says what it takes, what help tells of it, and what it does. */
export interface Command<A extends CommandOptions, O extends CommandOptions> {
  /** As it is called, and as its file is named. */
  readonly name: string
  readonly group: (typeof GROUPS)[number]
  /** One line for the list of commands. */
  readonly summary: string
  /** In order; their keys are their names in help. */
  readonly arguments?: A
  readonly options: O
  /** Stands in help before the examples. */
  readonly note?: string
  /** Calls, without `residual`. */
  readonly examples: readonly string[]
  run(given: Values<A & O>): Promise<void>
}

export type AnyCommand = Command<CommandOptions, CommandOptions>

/** Declares a command, whose `run` gets the values that its options and arguments declare. */
export const command = <O extends CommandOptions, A extends CommandOptions = Record<never, never>>(
  declared: Command<A, O>,
) => declared
