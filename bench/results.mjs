// Reads and writes the files in results/, from which tables and charts are made.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { inRows } from '../scripts/rows.mjs'

const fileOf = name => new URL(`results/${name}.json`, import.meta.url)

export const readResults = name => JSON.parse(readFileSync(fileOf(name), 'utf8'))

export function writeResults(name, value) {
  mkdirSync(new URL('results/', import.meta.url), { recursive: true })
  writeFileSync(fileOf(name), `${inRows(value)}\n`)
}
