import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Random } from '@residual/vision'
import { expect, onTestFinished, test } from 'vitest'
import { root } from './residual.ts'

const content = Buffer.from(Uint32Array.from({ length: 1 << 18 }, (_, i) => Math.imul(i, 0x9e3779b1)).buffer)

/** Sends the file slowly enough to be killed in the middle. */
async function serve() {
  const server = createServer((request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const range = { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }
    const headers = { etag: '"1"', 'content-length': content.length - from }
    response.writeHead(from > 0 ? 206 : 200, from > 0 ? { ...headers, ...range } : headers)
    const send = (at: number) => {
      if (at >= content.length) return response.end()
      response.write(content.subarray(at, at + 2 ** 16))
      setTimeout(send, 1, at + 2 ** 16)
    }
    send(from)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/set.tar.gz`
  return { file: 'set.tar.gz', url, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') }
}

function start(script: string): ChildProcess {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(root, 'test'),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

test.each([1, 2, 3])('the next pull cleans up whatever killed processes leave (seed %d)', async seed => {
  const directory = await mkdtemp(join(tmpdir(), 'residual-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const random = new Random(seed)
  const pull = `pull(${JSON.stringify(await serve())}, ${JSON.stringify({ directory, force: seed !== 2 })})`
  const load = "import { pull } from '@residual/vision/pull'"
  const children = Array.from({ length: 3 }, () => start(`${load}; process.send('ready'); for (;;) await ${pull}`))
  await Promise.all(children.map(child => once(child, 'message')))
  for (const child of children) {
    await new Promise(resolve => setTimeout(resolve, 60 * random.uniform()))
    child.kill('SIGKILL')
  }
  await Promise.all(children.filter(({ signalCode }) => signalCode === null).map(child => once(child, 'close')))
  const last = start(`${load}; await ${pull}; process.exit()`)
  expect(await once(last, 'close')).toEqual([0, null])
  expect(await readdir(directory)).toEqual(['set.tar.gz'])
  expect((await readFile(join(directory, 'set.tar.gz'))).equals(content)).toBe(true)
})
