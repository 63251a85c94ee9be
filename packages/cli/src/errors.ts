import { messageLine, printable } from '@residual/core/printable'
import { printNote } from './output.ts'

/** A failure whose message is shown to the user as it is. */
export class CommandError extends Error {
  override name = 'CommandError'

  constructor(
    message: string,
    /** 1 for failures, 2 for wrong usage. */
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message)
  }
}

/**
 * Prints `error: ...` on one line and sets the exit status, so that a command can continue with its next file.
 * @param subject what was worked on, put before a message that does not name it itself.
 */
export async function reportError(error: unknown, subject?: string): Promise<void> {
  const message = await messageOf(error)
  printNote(`error: ${messageLine(subject === undefined ? message : named(subject, message))}`)
  if (process.env.RESIDUAL_DEBUG && error instanceof Error) error.stack?.split('\n').forEach(printNote)
  process.exitCode = Math.max(Number(process.exitCode ?? 0), error instanceof CommandError ? error.exitCode : 1)
}

/** Reports an uncaught error, and exits. */
export function fail(error: unknown): void {
  reportError(error).finally(() => process.exit())
}

/** Runs `work`, and names the subject in the error that it may throw. */
export async function naming<T>(subject: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error) || !(await isExpected(error))) throw error
    const message = await messageOf(error)
    throw named(subject, message) === message ? error : new CommandError(named(subject, message))
  }
}

/** Puts the subject before a message that does not name it. */
const named = (subject: string, message: string): string =>
  message.includes(subject) || message.includes(printable(subject)) ? message : `${subject}: ${message}`

async function messageOf(error: unknown): Promise<string> {
  if (!(error instanceof Error)) return `unexpected: ${String(error)}`
  // Node's own messages begin with a code, as in `ENOENT: no such file or directory, open 'cat.png'`.
  if (isSystemError(error)) return error.message.replace(/^E[A-Z0-9]+: /, '')
  if (await isExpected(error)) return error.message
  return `unexpected ${error.name}: ${error.message.replace(/\s*\n\s*/g, ' ')} (RESIDUAL_DEBUG=1 shows where)`
}

/** Whether the error is one that the libraries throw on purpose, with a message for the user. */
async function isExpected(error: Error): Promise<boolean> {
  if (error instanceof CommandError || isSystemError(error)) return true
  try {
    const core = await import('@residual/core')
    const vision = await import('@residual/vision')
    const kernels = await import('@residual/kernels-wasm')
    return [core.ResidualError, vision.VisionError, kernels.KernelError].some(type => error instanceof type)
  } catch {
    // A library cannot be loaded, and that is the error.
    return false
  }
}

const isSystemError = (error: Error): boolean => 'syscall' in error && 'code' in error
