import { writeSync } from 'node:fs'
import { makeScratch, readSeeds } from './folder.ts'
import { tryMutant } from './mutant.ts'

/** A line for the parent, written before anything else happens. */
export type Line =
  | { readonly begins: number }
  | {
      readonly ends: number
      readonly kind: string
      readonly ending: string
      readonly detail: string
      readonly peak: number
    }

const say = (line: Line) => writeSync(1, `${JSON.stringify(line)}\n`)

const [folder, scratch] = process.argv.slice(2)
const [seed, from, step, to] = process.argv.slice(4).map(Number)
const seeds = await readSeeds(folder)
await makeScratch(scratch, seeds)
for (let index = from; index < to; index += step) {
  say({ begins: index })
  const outcome = await tryMutant(seeds, seed, index, scratch)
  say({ ends: index, ...outcome, peak: process.resourceUsage().maxRSS * 1024 })
}
process.exit()
