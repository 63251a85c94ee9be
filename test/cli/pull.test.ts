import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { objectsIn, residual, root } from './residual.ts'

/** Bytes of the official archive. */
const SIZE = 170_052_171
const FILE = 'cifar-10-binary.tar.gz'

let home: string
let env: Record<string, string>
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'residual-'))
  env = { RESIDUAL_HOME: home }
})
afterEach(() => rm(home, { recursive: true }))

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('pull reports in JSON its progress, what went wrong and why it ended', async () => {
  let requests = 0
  const mirror = await serve((_, response) => {
    if (++requests > 1) return response.writeHead(404).end()
    response.writeHead(200, { 'content-length': SIZE })
    response.write(Buffer.alloc(4 << 20), () => setTimeout(() => response.destroy(), 100))
  })
  const run = await residual(['pull', 'cifar10', '--mirror', mirror, '--json'], { env })
  expect(run.stderr).toBe(`error: ${mirror}/${FILE}: the server answered 404; try a --mirror\n`)
  expect(run.status).toBe(1)
  const objects = objectsIn(run)
  expect(objects[0]).toEqual({ event: 'progress', bytes: 0, total: SIZE, bytesPerSecond: 0, secondsLeft: null })
  expect(objects.at(-1)).toEqual({ event: 'retry', reason: expect.stringMatching(/^the connection broke/), seconds: 1 })
  expect(await readdir(join(home, 'data'))).toEqual([`${FILE}.part`])
})

test('pull continues from a part that a killed process left', async () => {
  const ranges: (string | undefined)[] = []
  const mirror = await serve((request, response) => {
    ranges.push(request.headers.range)
    if (ranges.length > 1) return response.writeHead(404).end()
    response.writeHead(200, { 'content-length': SIZE })
    response.write(Buffer.alloc(1 << 20))
  })
  const arguments_ = ['pull', 'cifar10', '--mirror', mirror]
  const child = spawn(process.execPath, [join(root, 'packages/cli/dist/cli.js'), ...arguments_], {
    env: { ...process.env, ...env },
  })
  await vi.waitFor(
    async () => {
      const [part] = await readdir(join(home, 'data'))
      expect(await readFile(join(home, 'data', part, 'bytes'))).toHaveLength(1 << 20)
    },
    { timeout: 30_000 },
  )
  child.kill('SIGKILL')
  await once(child, 'close')
  expect(await residual(arguments_, { env })).toMatchObject({ status: 1, stdout: '' })
  expect(ranges).toEqual([undefined, 'bytes=1048576-'])
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('a pull that is stopped by %s says how to continue', async (signal, status) => {
  const mirror = await serve((_, response) => {
    response.writeHead(200, { 'content-length': SIZE })
    response.write(Buffer.alloc(1 << 20))
  })
  const child = spawn(
    process.execPath,
    [join(root, 'packages/cli/dist/cli.js'), 'pull', 'cifar10', '--mirror', mirror, '--json'],
    { env: { ...process.env, ...env } },
  )
  child.stdout.once('data', () => child.kill(signal))
  const errors: Buffer[] = []
  child.stderr.on('data', chunk => errors.push(chunk))
  expect(await once(child, 'close')).toEqual([status, null])
  expect(Buffer.concat(errors).toString()).toBe("stopped; continue with 'residual pull cifar10'\n")
})

test('processes that pull at the same time end with one good file', async () => {
  const content = Buffer.from(Uint32Array.from({ length: 1 << 20 }, (_, i) => Math.imul(i, 0x9e3779b1)).buffer)
  const url = await serve((_, response) => response.end(content))
  const sha256 = createHash('sha256').update(content).digest('hex')
  const archive = { file: 'set.tar.gz', url, bytes: content.length, sha256 }
  const script = `import { pull } from '@residual/vision/pull'
    const { path, wasThere } = await pull(${JSON.stringify(archive)})
    console.log(path, wasThere)`
  const runs = Array.from({ length: 3 }, () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: join(root, 'test'),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return Promise.all([once(child.stdout, 'data'), once(child, 'close')])
  })
  for (const [[output], [status]] of await Promise.all(runs)) {
    expect(String(output)).toMatch(`${join(home, 'data/set.tar.gz')} `)
    expect(status).toBe(0)
  }
  expect(await readdir(join(home, 'data'))).toEqual(['set.tar.gz'])
  expect((await readFile(join(home, 'data/set.tar.gz'))).equals(content)).toBe(true)
})

test('other commands find pulled data by name, and say what to do if it is missing', async () => {
  const missing = "cifar100 is not here yet; run 'residual pull cifar100', or write ./cifar100 for a file or folder"
  expect(await residual(['eval', '--data', 'cifar100'], { env })).toEqual({
    status: 1,
    stdout: '',
    stderr: `error: ${missing}\n`,
  })
  // It has the right size, but is no archive: that it is opened is enough.
  await mkdir(join(home, 'data'))
  await writeFile(join(home, 'data', FILE), '')
  await truncate(join(home, 'data', FILE), SIZE)
  const run = await residual(['eval', '--data', 'cifar10'], { env })
  expect(run.stderr).toMatch(
    `${join(home, 'data', FILE)}: ${SIZE} bytes are neither a .tar.gz nor a whole number of CIFAR records\n`,
  )
})

test('eval takes drawn shapes', async () => {
  const run = await residual(['eval', '--data', 'shapes', '--ignore-names', '--limit', '20', '--json'])
  expect(run).toMatchObject({ status: 0, stderr: '' })
  expect(objectsIn(run)).toMatchObject([{ images: 20 }])
})

test.each([
  [['pull'], "missing required argument 'name'"],
  [
    ['pull', 'imagenet'],
    "command-argument value 'imagenet' is invalid for argument 'name'. Allowed choices are cifar10, cifar100.",
  ],
])('%j exits 2', async (arguments_, error) => {
  expect(await residual(arguments_, { env })).toEqual({ status: 2, stdout: '', stderr: `error: ${error}\n` })
})

test('a mirror that is not a URL is an error', async () => {
  expect(await residual(['pull', 'cifar10', '--mirror', 'ftp://x'], { env })).toEqual({
    status: 1,
    stdout: '',
    stderr: 'error: got "ftp://x" as --mirror, wanted an http or https URL\n',
  })
})
