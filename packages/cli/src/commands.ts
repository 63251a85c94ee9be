import { readdirSync } from 'node:fs'
import type { AnyCommand } from './command.ts'

/** Each file of this folder is a command; the build makes a module of each. */
const FOLDER = new URL('./commands/', import.meta.url)

/** Loads only the command with this name, or all commands if no command has it. */
export function loadCommands(name?: string): Promise<AnyCommand[]> {
  const files = readdirSync(FOLDER).sort()
  const wanted = files.filter(file => file.replace(/\.[jt]s$/, '') === name)
  return Promise.all((wanted.length > 0 ? wanted : files).map(load))
}

const load = async (file: string): Promise<AnyCommand> => (await import(new URL(file, FOLDER).href)).default
