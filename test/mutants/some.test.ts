import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeScratch, readSeeds } from './folder.ts'
import { KINDS, kindNames, type Outcome, type Seeds, tryMutant } from './mutant.ts'
import { writeSeeds } from './seeds.ts'

/** Number of mutants of each kind: the first ones that `pnpm test:mutants` tries. */
const MUTANTS = 20

let folder: string
let seeds: Seeds
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-mutants-'))
  await writeSeeds(folder)
  seeds = await readSeeds(folder)
  await makeScratch(folder, seeds)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.each(kindNames.map((name, place) => [name, place] as const))('of %s files', (_, place) => {
  test('the undamaged ones open', async () => {
    // Only the first of each kind must open as a whole; the others need not be networks.
    await KINDS[place].use(seeds[place][0], () => 1, folder)
  })

  test(`${MUTANTS} mutants open or are refused`, async () => {
    const faults: (Outcome & { index: number })[] = []
    for (let i = 0; i < MUTANTS; i++) {
      const index = i * KINDS.length + place
      const outcome = await tryMutant(seeds, 1, index, folder)
      if (outcome.ending !== 'opened' && outcome.ending !== 'refused') faults.push({ index, ...outcome })
    }
    expect(faults).toEqual([])
  })
})
