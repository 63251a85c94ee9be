import { readdirSync } from 'node:fs'
import type { AnyCommand } from './command.ts'

/** Each file of this folder is a command; the build makes a module of each. */
const FOLDER = new URL('./commands/', import.meta.url)

/** Names of all commands, in alphabetical order. */
export const commandNames = (): string[] => [...files().keys()].sort()

/** Loads the command of a name; all, where there is none of this name. */
export async function loadCommands(name?: string): Promise<AnyCommand[]> {
  const file = name === undefined ? undefined : files().get(name)
  return Promise.all((file ? [file] : [...files().values()]).map(load))
}

const load = async (file: string): Promise<AnyCommand> => (await import(new URL(file, FOLDER).href)).default

/** File names by names of commands. */
const files = (): Map<string, string> => new Map(readdirSync(FOLDER).map(file => [file.replace(/\.[jt]s$/, ''), file]))
