import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { AnyCommand } from '../src/command.ts'
import { loadCommands } from '../src/commands.ts'
import { flagOf } from '../src/option.ts'

const commands = await loadCommands()
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

/** Rows of the README's table of commands, by the name of the command. */
const rows = new Map(
  [...readme.matchAll(/^\| `(\w+)(.*?) \| (.*)$/gm)].map(([, name, call, rest]) => [name, call + rest] as const),
)

const flagsOf = ({ options }: AnyCommand): string[] => Object.entries(options).map(([key, one]) => flagOf(key, one))

const table = commands.map(command => [command.name, command] as const)

test('a command has the name of its file', async () => {
  for (const { name } of commands) expect((await loadCommands(name)).map(({ name }) => name)).toEqual([name])
})

test('an unknown command loads all commands', async () => {
  expect((await loadCommands('clasify')).length).toBe(commands.length)
})

test.each(table)('%s says what each of its options is for', (_, { options, arguments: taken = {}, summary }) => {
  expect(summary).toMatch(/^[a-z].*[^.]$/)
  for (const { reads } of Object.values({ ...taken, ...options })) expect(reads.facts.help).toMatch(/[^.]$/)
})

test.each(table)('%s shows calls of itself, with options that it has', (name, command) => {
  for (const call of command.examples) {
    expect(call).toMatch(new RegExp(`^${name}\\b`))
    expect(flagsOf(command)).toEqual(expect.arrayContaining(call.match(/--[a-z-]+/g) ?? []))
  }
})

test('the README has a row for every command, and no others', () => {
  expect([...rows.keys()].sort()).toEqual(commands.map(({ name }) => name))
})

test.each(table)('the row of %s in the README names options that it has', (name, command) => {
  const named = rows.get(name)?.match(/--[a-z-]+/g) ?? []
  // Rows name no options of other programs or commands, except --data in the row of pull.
  const known = [...flagsOf(command), ...(name === 'pull' ? ['--data'] : [])]
  expect(named.filter(flag => !known.includes(flag) && flag !== '--json')).toEqual([])
})

test('the README names only options that exist', () => {
  const known = commands.flatMap(flagsOf)
  const named = readme.match(/--[a-z][a-z-]*/g) ?? []
  expect(named.filter(flag => !known.includes(flag) && !['--help', '--logdir'].includes(flag))).toEqual([])
})
