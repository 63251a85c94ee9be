import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Fields, type Option, Options } from '@residual/core/schema'
import { expect, test } from 'vitest'
import { OPTIMIZERS, recipeOptions, SCHEDULES } from '../src/index.ts'

const path = fileURLToPath(new URL('../README.md', import.meta.url))

const row = (...cells: readonly string[]) => `| ${cells.join(' | ')} |`
const code = (text: string) => `\`${text}\``
const defaultOf = ({ facts }: Option<unknown, unknown>) =>
  facts.default === undefined ? '' : code(JSON.stringify(facts.default).replaceAll('"', "'"))

/** One line for each option. The options of nested objects have paths of keys. */
const lines = (fields: Fields, path = ''): string[] =>
  Object.entries(fields).flatMap(([key, option]) =>
    option instanceof Options
      ? lines(option.fields, `${path}${key}.`)
      : [row(code(path + key), defaultOf(option), option.facts.wanted, option.facts.help ?? '')],
  )

const tables: Record<string, string[]> = {
  recipe: [row('key', 'default', 'wanted', ''), row('---', '---', '---', '---'), ...lines(recipeOptions.fields)],
}
for (const [name, kinds] of Object.entries({ optimizers: OPTIMIZERS, schedules: SCHEDULES })) {
  tables[name] = [
    row('kind', 'option', 'default', 'wanted', ''),
    row('---', '---', '---', '---', '---'),
    ...Object.entries(kinds).flatMap(([kind, { options }]) =>
      lines(options.fields).map((line, i) => `| ${i === 0 ? code(kind) : ''} ${line}`),
    ),
  ]
}

/** `vitest run packages/train/test/readme.test.ts -u` writes the tables. */
test('the tables of options match the declarations', async () => {
  const text = readFileSync(path, 'utf8').replace(
    /(<!-- options: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin, name, end) => `${begin}\n${tables[name].join('\n')}\n\n${end}`,
  )
  for (const name of Object.keys(tables)) expect(text).toContain(`<!-- options: ${name} -->`)
  await expect(text).toMatchFileSnapshot(path)
})
