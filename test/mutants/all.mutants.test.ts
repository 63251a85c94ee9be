import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kindNames } from './mutant.ts'
import { MAX_BYTES, MAX_SECONDS, type Report, runMutants } from './run.ts'
import { writeSeeds } from './seeds.ts'

const { RESIDUAL_MUTANTS_SEED = '1', RESIDUAL_MUTANTS = '20000', RESIDUAL_MUTANT } = process.env
const seed = Number(RESIDUAL_MUTANTS_SEED)
/** All mutants, or the one to look at. */
const [from, to] = RESIDUAL_MUTANT
  ? [Number(RESIDUAL_MUTANT), Number(RESIDUAL_MUTANT) + 1]
  : [0, Number(RESIDUAL_MUTANTS)]
const isSmall = to - from < 100 * kindNames.length

let folder: string
let report: Report
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-mutants-'))
  await writeSeeds(folder)
  report = await runMutants(folder, { seed, from, to })
  const counts = [...report.counts].map(
    ([name, { opened, refused }]) => `${name}: ${opened} opened, ${refused} refused`,
  )
  process.stdout.write(`seed ${seed}; at most ${Math.ceil(report.peak / 2 ** 20)} MiB\n${counts.join('\n')}\n`)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const title = `${to - from} mutants of seed ${seed} open or are refused in ${MAX_SECONDS} s and ${MAX_BYTES / 2 ** 20} MiB`

describe(title, () => {
  test.each(kindNames)('%s', name => {
    const faults = report.faults.filter(({ kind }) => kind === name)
    const lines = faults.map(
      ({ index, what }) => `RESIDUAL_MUTANTS_SEED=${seed} RESIDUAL_MUTANT=${index} pnpm test:mutants: ${what}`,
    )
    expect(lines).toEqual([])
    if (isSmall) return
    // Otherwise the mutants would test nothing.
    const { opened, refused } = report.counts.get(name)!
    expect(opened / (opened + refused)).toBeGreaterThan(0.02)
    expect(refused / (opened + refused)).toBeGreaterThan(0.02)
  })
})
