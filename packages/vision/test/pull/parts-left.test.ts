import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pull } from '../../src/pull/index.ts'
import { type Answer, archiveOf, file, serve } from './archive-server.ts'

const { content, archive } = archiveOf(1 << 16)
const here = hostname().replace(/[^\w-]/g, '_')
/** More than Linux numbers processes. */
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

/** That the file is whole and nothing else is there. */
async function expectWhole(): Promise<void> {
  expect(await readdir(directory)).toEqual(['set.tar.gz'])
  expect((await readFile(join(directory, 'set.tar.gz'))).equals(content)).toBe(true)
}

/** What a process leaves that is killed while it makes a part, puts it into its place, or removes it. */
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

test('parts of killed processes are removed by who pulls the file', async () => {
  await leaveParts()
  const { call } = await pullFrom(file(content))
  await call()
  await expectWhole()
})

test('parts of killed processes are removed by who finds the file there', async () => {
  const { requests, call } = await pullFrom(file(content))
  await writeFile(join(directory, 'set.tar.gz'), content)
  await leaveParts()
  expect(await call()).toMatchObject({ wasThere: true })
  await expectWhole()
  expect(requests).toEqual([])
})

test('parts that are left while the file is pulled are removed at its end', async () => {
  const { call } = await pullFrom(async (request, response) => {
    await leaveParts()
    file(content)(request, response)
  })
  await call()
  await expectWhole()
})

test('what only looks like a part, or belongs to a process that runs, is left as it is', async () => {
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
