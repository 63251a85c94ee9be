import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Root of the repository, with a slash at the end. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** The result of a run of the command. */
export interface Run {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Options of Node itself. */
  readonly node?: readonly string[]
}

/** Runs the built command as a user would. */
export function residual(
  arguments_: readonly string[],
  { cwd = root, env = {}, node = [] }: RunOptions = {},
): Promise<Run> {
  return new Promise(resolve => {
    execFile(
      process.execPath,
      [...node, `${root}packages/cli/dist/cli.js`, ...arguments_],
      { cwd, env: { ...process.env, NO_COLOR: '', ...env }, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

/** Starts a run of the command without waiting for its end. */
export function start(arguments_: readonly string[], { env = {}, node = [] }: Omit<RunOptions, 'cwd'> = {}) {
  const child = spawn(process.execPath, [...node, `${root}packages/cli/dist/cli.js`, ...arguments_], {
    env: { ...process.env, NO_COLOR: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: Buffer[][] = [[], []]
  child.stdout.on('data', chunk => output[0].push(chunk))
  child.stderr.on('data', chunk => output[1].push(chunk))
  const text = (i: number) => Buffer.concat(output[i]).toString()
  const ended = once(child, 'close').then(([status, signal]) => ({
    ...{ status, stdout: text(0), stderr: text(1) },
    ...(signal && { signal }),
  }))
  return { child, ended }
}

/** The JSON objects that a run printed, one from each line. */
export const objectsIn = ({ stdout }: Run): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
