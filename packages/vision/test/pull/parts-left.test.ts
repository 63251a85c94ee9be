import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pull } from '../../src/pull/index.ts'
import { type Answer, archiveOf, file, serve } from './archive-server.ts'

const { content, archive } = archiveOf(1 << 16)
const here = hostname().replace(/[^\w-]/g, '_')
/** A number above all process numbers of Linux. */
const ended = 2 ** 22 + 1

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'residual-'))
})
afterEach(() => rm(directory, { recursive: true }))

async function pullFrom(answer: Answer) {
  const { requests, url } = await serve(answer)
  return { requests, call: () => pull(archive, { directory, mirror: url, retries: 0 }) }
}

/** Expects that the file is complete and that nothing else is in the folder. */
async function expectWhole(): Promise<void> {
  expect(await readdir(directory)).toEqual(['set.tar.gz'])
  expect((await readFile(join(directory, 'set.tar.gz'))).equals(content)).toBe(true)
}

/** Creates the remains of processes that were killed while they created, finished or removed a part. */
async function leaveParts(): Promise<void> {
  for (const [name, files] of Object.entries({
    [`${here}.${ended}.new.part`]: [],
    [`${here}.${ended}.done.part`]: ['validator'],
    [`${here}.${ended}.two.part.old`]: ['bytes', 'validator'],
    part: ['bytes'],
  })) {
    await mkdir(join(directory, `set.tar.gz.${name}`))
    for (const file of files) await writeFile(join(directory, `set.tar.gz.${name}`, file), 'x')
  }
}

test('a pull removes the parts of killed processes', async () => {
  await leaveParts()
  const { call } = await pullFrom(file(content))
  await call()
  await expectWhole()
})

test('a pull removes the parts of killed processes if the file is already there', async () => {
  const { requests, call } = await pullFrom(file(content))
  await writeFile(join(directory, 'set.tar.gz'), content)
  await leaveParts()
  expect(await call()).toMatchObject({ wasThere: true })
  await expectWhole()
  expect(requests).toEqual([])
})

test('a pull removes at its end the parts that other processes have left during it', async () => {
  const { call } = await pullFrom(async (request, response) => {
    await leaveParts()
    file(content)(request, response)
  })
  await call()
  await expectWhole()
})

test('a pull keeps files that only look like parts, and the parts of running processes', async () => {
  const names = ['set.tar.gz.part', 'set.tar.gz.mine.part', `set.tar.gz.${here}.${process.pid}.begun.part`]
  await writeFile(join(directory, names[0]), 'of another program')
  await mkdir(join(directory, names[1]))
  await writeFile(join(directory, names[1], 'notes'), 'of somebody')
  await mkdir(join(directory, names[2]))
  const { call } = await pullFrom(file(content))
  await call()
  await call()
  expect(await readdir(directory)).toEqual(['set.tar.gz', ...names].sort())
})
