import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, test } from 'vitest'
import { CAT, DONKEY, expectNamesCompared, makeClassFolders } from './class-folders.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
  await makeClassFolders(folder)
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

test.each<[command: string[], error: string | undefined]>([
  [['eval', '--data', 'cifar'], undefined],
  [['eval', '--data', 'numbers'], undefined],
  [['eval', '--data', 'other'], DONKEY],
  [['eval', '--model', 'few-model', '--data', 'few'], undefined],
  [['eval', '--model', 'few-model', '--data', 'swapped'], CAT],
  [['ablate', '--data', 'cifar', '--limit', '2'], undefined],
  [['ablate', '--data', 'other', '--limit', '2'], DONKEY],
])('%j', (command, error) => expectNamesCompared(folder, command, error))
