import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { takeLock } from '../src/files/lock.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-lock-'))
  path = join(folder, '.lock')
})
afterEach(() => rm(folder, { recursive: true }))

const refuse = (owner: string) => new Error(`${owner} has it`)
const take = (patience?: number) => takeLock(path, { refuse, patience })

/** The number of a process that has ended. */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid!
}

const lockOf = (owner: object) =>
  writeFile(path, JSON.stringify({ host: hostname(), started: '1', id: '0123abcd', ...owner }))

describe('a lock', () => {
  test('has only one owner, and another after it is released', async () => {
    const lock = await take()
    await expect(take()).rejects.toThrow(`process ${process.pid} on host ${JSON.stringify(hostname())} has it`)
    await lock.release()
    await lock.release()
    expect(await readdir(folder)).toEqual([])
    await (await take()).release()
  })

  test('can be waited for', async () => {
    const lock = await take()
    const waiting = take(30_000)
    await new Promise(resolve => setTimeout(resolve, 50))
    await lock.release()
    await (await waiting).release()
  })

  test('cannot be released by another owner', async () => {
    const lock = await take()
    await rm(path)
    const second = await take()
    await lock.release()
    expect(await readdir(folder)).toEqual(['.lock'])
    await second.release()
  })

  test.each<[what: string, leave: () => Promise<void>]>([
    ['a process that has ended', async () => lockOf({ pid: await endedProcess() })],
    ['an earlier process with the same number', () => lockOf({ pid: process.pid })],
    [
      'a process that ended before it wrote its name',
      async () => {
        await writeFile(path, '')
        await utimes(path, 0, 0)
      },
    ],
    [
      'an ended process, which another ended process was removing,',
      async () => {
        await lockOf({ pid: await endedProcess() })
        await writeFile(`${path}.0123abcd`, await readFile(path))
      },
    ],
  ])('of %s is taken over', async (_, leave) => {
    await leave()
    const lock = await take()
    expect(await readdir(folder)).toEqual(['.lock'])
    await expect(take()).rejects.toThrow(`process ${process.pid} on`)
    await lock.release()
  })

  test.each<[what: string, leave: () => Promise<void>, owner: string]>([
    ['another host', () => lockOf({ host: 'elsewhere', pid: 1 }), 'process 1 on host "elsewhere"'],
    ['a process that has just begun to write its name', () => writeFile(path, ''), 'an unknown process'],
    ['unknown owner, because the file is a link,', () => symlink('/dev/zero', path), 'an unknown process'],
  ])('of %s is not taken over', async (_, leave, owner) => {
    await leave()
    await expect(take()).rejects.toThrow(`${owner} has it`)
    expect(await readdir(folder)).toEqual(['.lock'])
  })

  test('that cannot be created reports why', async () => {
    path = join(folder, 'nothing', '.lock')
    await expect(take()).rejects.toThrow(
      expect.objectContaining({
        name: 'CheckpointError',
        message: `cannot write ${JSON.stringify(path)}: there is no such directory`,
      }),
    )
  })
})

describe('between processes a lock', () => {
  let source: string
  beforeAll(async () => {
    source = join(await mkdtemp(join(tmpdir(), 'residual-lock-')), 'lock.mjs')
    const entry = fileURLToPath(new URL('../src/files/lock.ts', import.meta.url))
    await build({
      entryPoints: [entry],
      bundle: true,
      format: 'esm',
      platform: 'node',
      conditions: ['development'],
      external: ['sharp'],
      outfile: source,
    })
  })
  afterAll(() => rm(dirname(source), { recursive: true }))

  /** Starts a process that runs `code`, which can use `take` and `path`. */
  const start = (code: string) => {
    const script = `
      import { readFileSync, writeFileSync } from 'node:fs'
      import { takeLock } from ${JSON.stringify(source)}
      const path = ${JSON.stringify(path)}
      const take = patience => takeLock(path, { patience, refuse: owner => new Error(owner) })
      ${code}`
    return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  }

  test('has one owner at a time, even if several processes want it and one is killed with it', async () => {
    const counter = join(folder, 'counter')
    await writeFile(counter, '0')
    await lockOf({ pid: await endedProcess() })
    const killed = start("await take(20_000); console.log('has it'); setInterval(() => {}, 1000)")
    const count = `
      for (let i = 0; i < 20; i++) {
        const lock = await take(30_000)
        const value = Number(readFileSync(${JSON.stringify(counter)}, 'utf8'))
        await new Promise(resolve => setTimeout(resolve, 1))
        writeFileSync(${JSON.stringify(counter)}, String(value + 1))
        await lock.release()
      }`
    const counting = Array.from({ length: 4 }, () => once(start(count), 'exit'))
    await once(killed.stdout, 'data')
    killed.kill('SIGKILL')
    expect(await Promise.all(counting)).toEqual(Array.from({ length: 4 }, () => [0, null]))
    expect(await readFile(counter, 'utf8')).toBe('80')
    expect(await readdir(folder)).toEqual(['counter'])
  })

  test('is released by a process that exits', async () => {
    expect(await once(start('await take(); process.exit(3)'), 'exit')).toEqual([3, null])
    expect(await readdir(folder)).toEqual([])
  })
})
