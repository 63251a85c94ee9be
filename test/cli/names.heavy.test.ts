import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DONKEY, expectNamesCompared, makeClassFolders } from './class-folders.ts'
import { residual } from './residual.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
  await makeClassFolders(folder)
})
afterAll(() => rm(folder, { recursive: true }))

test.each([[], ['--finetune']])('deepen %j', async (...options) => {
  const command = ['deepen', '--depth', '26', '--out', 'deeper', '--data', 'other', ...options]
  expect(await residual(command, { cwd: folder })).toMatchObject({ status: 1 })
  // Nothing is left that would block the next try.
  expect(await readdir(folder)).not.toContain('deeper')
  await expectNamesCompared(folder, command, DONKEY)
  await rm(join(folder, 'deeper'), { recursive: true })
})

test('finetune says so if the same number of classes needs a new classifier', async () => {
  const options = ['--model', 'few-model', '--epochs', '1', '--batch', '2']
  const tuned = (data: string) =>
    residual(['finetune', ...options, '--data', data, '--out', `${data}-tuned`], { cwd: folder })
  expect(await tuned('few')).toMatchObject({ status: 0, stderr: '' })
  expect(await tuned('swapped')).toMatchObject({
    status: 0,
    stderr: 'the classifier is new: the data has other class names than the model, or another order\n',
  })
})
