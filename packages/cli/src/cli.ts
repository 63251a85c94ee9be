#!/usr/bin/env node
import { loadCommands } from './commands.ts'
import { fail } from './errors.ts'
import { interruptForReader } from './interrupt.ts'
import { runProgram } from './program.ts'

// A reader that has seen enough, such as `head`, is not a failure. A terminal that was closed gives EIO.
process.stdout.on('error', error => {
  const code = 'code' in error ? error.code : undefined
  const isHungUp = code === 'EIO' && process.stdout.isTTY
  if ((code === 'EPIPE' || isHungUp) && interruptForReader(isHungUp)) return
  if (code === 'EPIPE') process.exit(0)
  throw error
})
// If nobody can be told what goes wrong, the work still continues.
process.stderr.on('error', () => {})
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)

const words = process.argv.slice(2)
await runProgram(await loadCommands(words[0]), words)
