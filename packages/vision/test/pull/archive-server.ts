import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

/** An archive of arbitrary bytes, and its description. */
export function archiveOf(bytes: number, seed = 1) {
  const content = Buffer.from(Uint32Array.from({ length: bytes / 4 }, (_, i) => Math.imul(i + seed, 0x9e3779b1)).buffer)
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { content, archive: { file: 'set.tar.gz', url: 'http://127.0.0.1:1/set.tar.gz', bytes, sha256 } }
}

/** Answers one request. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Starts a server that answers the first request with the first answer, and so on; the last answer is repeated. */
export async function serve(...answers: readonly Answer[]) {
  const requests: { range: string | undefined; ifRange: string | undefined; path: string | undefined }[] = []
  const server = createServer((request, response) => {
    requests.push({ range: request.headers.range, ifRange: request.headers['if-range'] as string, path: request.url })
    answers[Math.min(requests.length, answers.length) - 1](request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/data` }
}

/** Answers as a good server does: with ranges, and with an ETag that distinguishes versions. */
export const file =
  (content: Buffer, { etag = '"1"', until = content.length }: { etag?: string; until?: number } = {}): Answer =>
  (request, response) => {
    const { range, 'if-range': ifRange } = request.headers
    const from = range && (!ifRange || ifRange === etag) ? Number(/bytes=(\d+)-/.exec(range)![1]) : 0
    response.setHeader('etag', etag)
    response.setHeader('content-length', content.length - from)
    if (from > 0) response.setHeader('content-range', `bytes ${from}-${content.length - 1}/${content.length}`)
    response.writeHead(from > 0 ? 206 : 200)
    if (until === content.length) response.end(content.subarray(from))
    else response.write(content.subarray(from, until), () => untilKept(until).then(() => response.destroy()))
  }

let folder: string | undefined

/** Names the folder of the downloads. A broken connection discards what is under way, so servers wait for it there. */
export const keepsIn = (directory: string): void => {
  folder = directory
}

/** Waits until a part in the folder has so many bytes. */
async function untilKept(bytes: number): Promise<void> {
  for (let kept = 0; kept < bytes; await setTimeout(5)) {
    const parts = (await readdir(folder!)).map(name => stat(join(folder!, name, 'bytes')).catch(() => undefined))
    kept = Math.max(0, ...(await Promise.all(parts)).map(found => found?.size ?? 0))
  }
}

/** Sends the beginning and then nothing. */
export const stalling =
  (content: Buffer, until: number): Answer =>
  (_, response) => {
    response.writeHead(200, { 'content-length': content.length, etag: '"1"' })
    response.write(content.subarray(0, until))
  }

/** Answers with a status and nothing else. */
export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_, response) =>
    response.writeHead(code, headers).end()
