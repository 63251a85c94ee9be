import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { homedir, hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  cacheDirectory,
  PullError,
  type Pulled,
  type PullOptions,
  type PullProgress,
  pull,
  pulledPath,
} from '../../src/pull/index.ts'
import { type Answer, archiveOf, file, keepsIn, serve, stalling, status } from './archive-server.ts'
import { archive, chunked, content, half, other, recovered } from './recovered.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'residual-'))
  keepsIn(directory)
})
afterEach(() => rm(directory, { recursive: true }))

/** Pulls from a server with these answers, impatiently. */
async function pullFrom(answers: readonly Answer[], options: PullOptions = {}) {
  const { requests, url } = await serve(...answers)
  const retries: string[] = []
  const call = (more: PullOptions = {}): Promise<Pulled> =>
    pull(archive, {
      directory,
      mirror: url,
      stallSeconds: 20,
      retries: 2,
      retrySeconds: 0.01,
      onRetry: reason => retries.push(reason),
      ...options,
      ...more,
    })
  return { requests, retries, url, call }
}

/** Expects that the file is complete and that nothing else is in the folder. */
async function expectWhole(): Promise<void> {
  expect(await readdir(directory)).toEqual(['set.tar.gz'])
  expect((await readFile(join(directory, 'set.tar.gz'))).equals(content)).toBe(true)
}

test('downloads and checks a file once, unless forced', async () => {
  const { requests, retries, call } = await pullFrom([file(content)])
  const path = join(directory, 'set.tar.gz')
  expect(await call()).toEqual({ path, wasThere: false })
  await expectWhole()
  expect(await call()).toEqual({ path, wasThere: true })
  expect(requests).toEqual([{ range: undefined, ifRange: undefined, path: '/data/set.tar.gz' }])
  expect(await call({ force: true })).toEqual({ path, wasThere: false })
  expect(requests).toHaveLength(2)
  expect(retries).toEqual([])
})

test('downloads a damaged file again', async () => {
  const { call } = await pullFrom([file(content)])
  await writeFile(join(directory, 'set.tar.gz'), other)
  expect(await call()).toMatchObject({ wasThere: false })
  await expectWhole()
})

test.each(Object.entries(recovered))('gets the file from a server that %s', async (name, [answers, told, ranges]) => {
  const stallSeconds = name.startsWith('stalls') ? 0.5 : 20
  const { requests, retries, call } = await pullFrom(answers, { stallSeconds })
  await call()
  await expectWhole()
  expect(retries).toEqual(told)
  expect(requests.map(({ range }) => range)).toEqual(ranges)
})

test('continues by the date if the server has no strong ETags', async () => {
  const date = 'Thu, 04 Jun 2009 00:00:00 GMT'
  const dated = (until: number): Answer => {
    const answer = file(content, { etag: 'W/"1"', until })
    return (request, response) => {
      response.setHeader('last-modified', date)
      if (request.headers['if-range'] === date) delete request.headers['if-range']
      answer(request, response)
    }
  }
  const { requests, call } = await pullFrom([dated(half), dated(content.length)])
  await call()
  await expectWhole()
  expect(requests[1]).toMatchObject({ range: `bytes=${half}-`, ifRange: date })
})

/** Servers that cannot provide the file, and the part of the message after the URL. */
const failing: Record<string, [answers: Answer[], message: string]> = {
  'has no such file': [[status(404)], 'the server answered 404; try a --mirror'],
  'forbids it': [[status(403)], 'the server answered 403; try a --mirror'],
  'is out of order': [[status(500)], 'the server answered 500; pull again later, or try a --mirror'],
  'stalls again and again': [[stalling(content, 0)], 'nothing came for 0.5 s; pull again later, or try a --mirror'],
  'brings very little': [
    [stalling(content, 5000), (_, response) => response.destroy()],
    `the connection broke (UND_ERR_SOCKET); pull again to continue after 5000 of ${content.length} bytes, or try a --mirror`,
  ],
  'has a shorter file': [
    [file(content.subarray(0, half))],
    `the server has ${half} bytes, wanted ${content.length}; it is another file: try a --mirror`,
  ],
  'sends more than it should': [
    [chunked((_, response) => response.end(Buffer.concat([content, content])))],
    `the server has more bytes, wanted ${content.length}; it is another file: try a --mirror`,
  ],
  'has another file': [
    [file(other)],
    `the file has SHA-256 ${archiveOf(1 << 20, 2).archive.sha256}, wanted ${archive.sha256}; it is damaged or another file: try a --mirror`,
  ],
  'unpacks what it sends': [
    [(_, response) => response.writeHead(200, { 'content-encoding': 'br' }).end(content)],
    'the server sends the file in another form (br); try a --mirror',
  ],
  'redirects for ever': [
    [status(302, { location: '/data/set.tar.gz' })],
    'the server redirects in circles; try a --mirror',
  ],
}

test.each(Object.entries(failing))('gives up on a server that %s', async (name, [answers, message]) => {
  const { url, call } = await pullFrom(answers, { stallSeconds: /^(stalls|brings)/.test(name) ? 0.5 : 20 })
  await expect(call()).rejects.toThrow(new PullError(`${url}/set.tar.gz: ${message}`))
  expect(await readdir(directory)).not.toContain('set.tar.gz')
})

describe('fails at once with', () => {
  test('a mirror that is not a URL', async () => {
    await expect(pull(archive, { directory, mirror: 'here' })).rejects.toThrow(
      new PullError('got "here" as --mirror, wanted an http or https URL'),
    )
    await expect(pull(archive, { directory, mirror: 'file:///etc' })).rejects.toThrow(
      new PullError('got "file:///etc" as --mirror, wanted an http or https URL'),
    )
  })

  test('a server that refuses connections', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/set.tar.gz`
    server.close()
    await expect(pull({ ...archive, url }, { directory })).rejects.toThrow(
      new PullError(`${url}: the server refuses connections; pull again later, or try a --mirror`),
    )
  })

  test('a folder that cannot be created', async () => {
    await writeFile(join(directory, 'data'), '')
    const path = join(directory, 'data', 'set.tar.gz')
    await expect(pull(archive, { directory: join(directory, 'data') })).rejects.toThrow(
      new PullError(`cannot write ${path}: not a directory, mkdir '${join(directory, 'data')}/'`),
    )
  })
})

test('accepts the URL of the file itself as the mirror', async () => {
  const { requests, url } = await serve(file(content))
  await pull(archive, { directory, mirror: `${url}/renamed.tgz?key=1` })
  await expectWhole()
  expect(requests[0].path).toBe('/data/renamed.tgz?key=1')
})

test('an aborted pull stops at once, and the next pull continues it', async () => {
  const { requests, call } = await pullFrom([stalling(content, half), file(content)])
  const controller = new AbortController()
  const polling = setInterval(async () => {
    const [part] = (await readdir(directory)).filter(name => name.endsWith('.part'))
    // The part may get another name in the meantime.
    const bytes = part && (await readFile(join(directory, part, 'bytes')).catch(() => undefined))
    if (bytes && bytes.length === half) controller.abort(new Error('enough'))
  }, 10)
  await expect(call({ signal: controller.signal })).rejects.toThrow(new Error('enough'))
  clearInterval(polling)
  expect(await readdir(directory)).toEqual(['set.tar.gz.part'])
  await call()
  await expectWhole()
  expect(requests[1]).toMatchObject({ range: `bytes=${half}-`, ifRange: '"1"' })
})

test('reports progress until the end', async () => {
  const told: PullProgress[] = []
  const { call } = await pullFrom([file(content, { until: half }), file(content)])
  await call({ onProgress: progress => told.push(progress) })
  expect(told[0].total).toBe(content.length)
  expect(told.at(-1)).toMatchObject({ bytes: content.length, secondsLeft: 0 })
  expect(told.map(({ bytes }) => bytes)).toEqual(told.map(({ bytes }) => bytes).sort((a, b) => a - b))
})

describe('several pulls at once', () => {
  test('in one process result in one good file', async () => {
    const { call } = await pullFrom([file(content, { until: half }), file(content)])
    const pulled = await Promise.all(Array.from({ length: 5 }, () => call()))
    expect(pulled.map(({ path }) => path)).toEqual(Array(5).fill(join(directory, 'set.tar.gz')))
    await expectWhole()
  })

  test('never work on the same part', async () => {
    await mkdir(join(directory, 'set.tar.gz.part'))
    await writeFile(join(directory, 'set.tar.gz.part', 'bytes'), content.subarray(0, half))
    const { requests, call } = await pullFrom([file(content)])
    await Promise.all([call(), call(), call()])
    await expectWhole()
    expect(requests.filter(({ range }) => range === `bytes=${half}-`)).toHaveLength(1)
    expect(requests.filter(({ range }) => range === undefined)).toHaveLength(2)
  })
})

describe('parts left behind', () => {
  /** Creates a part of `bytes` bytes that belongs to a process. */
  async function leave(host: string, pid: number, bytes: number, age = 0): Promise<string> {
    const name = `set.tar.gz.${host}.${pid}.abc.part`
    await mkdir(join(directory, name))
    await writeFile(join(directory, name, 'bytes'), content.subarray(0, bytes))
    const time = new Date(Date.now() - age)
    await utimes(join(directory, name, 'bytes'), time, time)
    return name
  }

  const here = hostname().replace(/[^\w-]/g, '_')
  /** A number above all process numbers of Linux. */
  const ended = 2 ** 22 + 1

  test.each([
    ['by a process that has ended', here, ended, 0, true],
    ['by a process of another machine long ago', 'elsewhere', 1, 16 * 60_000, true],
    ['by a process of another machine recently', 'elsewhere', 1, 60_000, false],
    ['by a running process', here, process.pid, 60_000, false],
  ])('%s', async (_, host, pid, age, isTaken) => {
    const name = await leave(host, pid, half, age)
    const { requests, call } = await pullFrom([file(content)])
    await call()
    expect(requests[0].range).toBe(isTaken ? `bytes=${half}-` : undefined)
    expect(await readdir(directory)).toEqual(['set.tar.gz', ...(isTaken ? [] : [name])])
  })

  test('by several processes: the largest is continued, the others are removed', async () => {
    await leave(here, ended, 1000)
    await leave(here, ended + 1, half)
    const { requests, call } = await pullFrom([file(content)])
    await call()
    expect(requests[0].range).toBe(`bytes=${half}-`)
    await expectWhole()
  })

  test('with more bytes than the file are restarted', async () => {
    const name = await leave(here, ended, half)
    await writeFile(join(directory, name, 'bytes'), Buffer.concat([content, content]))
    const { call } = await pullFrom([file(content)])
    await call()
    await expectWhole()
  })
})

test.each([
  [{ RESIDUAL_HOME: '/a/home', XDG_CACHE_HOME: '/b' }, '/a/home'],
  [{ RESIDUAL_HOME: '', XDG_CACHE_HOME: '/b' }, '/b/residual'],
  [{ RESIDUAL_HOME: '', XDG_CACHE_HOME: 'relative' }, join(homedir(), '.cache/residual')],
  [{ RESIDUAL_HOME: '', XDG_CACHE_HOME: '' }, join(homedir(), '.cache/residual')],
])('with %j the cache is in %s', async (env, directory) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  vi.spyOn(process, 'platform', 'get').mockReturnValue('linux')
  expect(await cacheDirectory()).toBe(directory)
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

test('a data set that was not pulled has no path', async () => {
  expect(await pulledPath('cifar10', directory)).toBeUndefined()
  await writeFile(join(directory, 'cifar-10-binary.tar.gz'), 'cut short')
  expect(await pulledPath('cifar10', directory)).toBeUndefined()
})
