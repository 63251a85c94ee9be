import { type Option, readText } from '@residual/core/schema'
import * as commander from 'commander'
import { version } from '../package.json'
import { type AnyCommand, GROUPS } from './command.ts'
import { CommandError, reportError } from './errors.ts'
import { type CommandOption, flagOf } from './option.ts'

/** Runs what the words of the command line ask for, and sets the exit status. */
export async function runProgram(commands: readonly AnyCommand[], words: readonly string[]): Promise<void> {
  const program = programOf(commands)
  if (words.length === 0) return program.outputHelp()
  try {
    await program.parseAsync(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof commander.CommanderError)) await reportError(error)
    else if (error.exitCode !== 0) await reportError(usageError(error))
  }
}

function programOf(commands: readonly AnyCommand[]): commander.Command {
  const program = new commander.Command('residual')
    .description('Residual networks: classify images, train, measure accuracy and speed, look at architectures.')
    .version(version)
    .exitOverride()
    // Usage errors are reported in the same form as all others.
    .configureOutput({ writeErr: () => {} })
    .addHelpText('after', '\nExample:\n  $ residual classify cat.jpg\n\nEvery command has --help with an example.')
  for (const group of GROUPS) {
    for (const declared of commands) if (declared.group === group) addCommand(program, declared)
  }
  return program
}

function addCommand(program: commander.Command, declared: AnyCommand): void {
  const { name, group, summary, arguments: taken = {}, options, note, examples } = declared
  const command = program.command(name).description(summary).helpGroup(`${group}:`)
  for (const [key, argument] of Object.entries(taken)) command.addArgument(argumentOf(key, argument))
  for (const [key, option] of Object.entries(options)) command.addOption(optionOf(key, option))
  const calls = examples.map(call => `  $ residual ${call}`).join('\n')
  command
    .addHelpText('after', `${note ? `\n${note}\n` : ''}\nExample${examples.length > 1 ? 's' : ''}:\n${calls}`)
    .action(() => {
      const named = Object.keys(taken).map((key, i) => [key, command.processedArgs[i]])
      return declared.run({ ...Object.fromEntries(named), ...command.opts() })
    })
}

function argumentOf(key: string, { reads, takesRest }: CommandOption<unknown>): commander.Argument {
  const argument = new commander.Argument(`<${key}${takesRest ? '...' : ''}>`, reads.facts.help)
  if (reads.facts.choices) return argument.choices(reads.facts.choices)
  return takesRest ? argument : argument.argParser(parserOf(reads))
}

function optionOf(key: string, declared: CommandOption<unknown>): commander.Option {
  const { reads, value, short } = declared
  const { help, choices, default: byDefault } = reads.facts
  const flags = `${short ? `-${short}, ` : ''}${flagOf(key, declared)}${value ? ` <${value}>` : ''}`
  const option = new commander.Option(flags, help)
  if (value === undefined) return option
  if (choices) option.choices(choices)
  else option.argParser(parserOf(reads))
  // Help shows a list as it is typed.
  const isList = Array.isArray(byDefault)
  return option.makeOptionMandatory(isRequired(reads)).default(byDefault, isList ? String(byDefault) : undefined)
}

const parserOf = (reads: Option<unknown, unknown>) => (text: string) =>
  readText(reads, text, wanted => new commander.InvalidArgumentError(`Wanted ${wanted}.`))

function isRequired(reads: Option<unknown, unknown>): boolean {
  try {
    reads.read(undefined, { source: '', path: '', error: Error })
    return false
  } catch {
    return true
  }
}

/**
 * Commander's message without its own `error:`, with its suggestion on the same line. `residual help nope` has none.
 */
function usageError({ code, message }: commander.CommanderError): CommandError {
  const text = code === 'commander.help' ? "unknown command; 'residual --help' lists them" : message
  return new CommandError(text.replace(/^error: /, '').replace(/\n(?=\(Did you mean )/, ' '), 2)
}
