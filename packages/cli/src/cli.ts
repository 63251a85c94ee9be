#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { version } from '../package.json'
import { addAblate } from './commands/ablate.ts'
import { addBench } from './commands/bench.ts'
import { addClassify } from './commands/classify.ts'
import { addDeepen } from './commands/deepen.ts'
import { addDegrade } from './commands/degrade.ts'
import { addEmbed } from './commands/embed.ts'
import { addEval } from './commands/eval.ts'
import { addExplain } from './commands/explain.ts'
import { addFinetune } from './commands/finetune.ts'
import { addGradients } from './commands/gradients.ts'
import { addGraph } from './commands/graph.ts'
import { addList } from './commands/list.ts'
import { addPull } from './commands/pull.ts'
import { addSummary } from './commands/summary.ts'
import { addTrain } from './commands/train.ts'
import { CommandError, fail, reportError } from './errors.ts'
import { interruptForReader } from './interrupt.ts'

const program = new Command('residual')
  .description('Residual networks: classify images, train, measure accuracy and speed, look at architectures.')
  .version(version)
  .exitOverride()
  // Usage errors are reported below, in the same form as all others.
  .configureOutput({ writeErr: () => {} })
  .addHelpText('after', '\nExample:\n  $ residual classify cat.jpg\n\nEvery command has --help with an example.')

for (const add of [
  addClassify,
  addEmbed,
  addExplain,
  addEval,
  addTrain,
  addFinetune,
  addDegrade,
  addDeepen,
  addAblate,
  addGradients,
  addPull,
  addSummary,
  addGraph,
  addList,
  addBench,
]) {
  add(program)
}

// A reader that has seen enough, such as `head`, is no failure. A terminal that was closed gives EIO.
process.stdout.on('error', error => {
  const code = 'code' in error ? error.code : undefined
  const isHungUp = code === 'EIO' && process.stdout.isTTY
  if ((code === 'EPIPE' || isHungUp) && interruptForReader(isHungUp)) return
  if (code === 'EPIPE') process.exit(0)
  throw error
})
// Where nobody can be told what goes wrong, the work goes on all the same.
process.stderr.on('error', () => {})
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)

if (process.argv.length <= 2) {
  program.outputHelp()
} else {
  try {
    await program.parseAsync()
  } catch (error) {
    if (!(error instanceof CommanderError)) await reportError(error)
    else if (error.exitCode !== 0) await reportError(usageError(error))
  }
}

/** Commander's message without its own `error:`, its suggestion on the same line; `residual help nope` has none. */
function usageError({ code, message }: CommanderError): CommandError {
  const text = code === 'commander.help' ? "unknown command; 'residual --help' lists them" : message
  return new CommandError(text.replace(/^error: /, '').replace(/\n(?=\(Did you mean )/, ' '), 2)
}
